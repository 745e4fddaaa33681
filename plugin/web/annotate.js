// The annotate mode (tam annotate): the queue beside the page, the clock, submitting and verifying. On a worker that is
// not for annotating it does nothing. It counts what is said by looking at the store; the page itself knows nothing of it.

import * as actions from "./actions.js";
import { call } from "./api.js";
import { $, announce, attempt, h, setText, toast } from "./dom.js";
import { menu } from "./dialogs.js";
import * as masks from "./masks.js";
import { attach, detach } from "./session.js";
import { frameCount, nameOf, newObjectId, objects, set, state, watch } from "./store.js";

const BEAT = 10000; // milliseconds between two words to the worker
const LONGEST = 5000; // of a second of the clock, which is late where the browser has other work
const CHANGES = ["delete", "undo", "redo", "track", "remove", "replace", "effect"]; // not for a video to be verified
const IDLE = 60000; // without a key, a move or work of the engines, after which the clock stops

let room = null; // wire AnnotationState
let panel = null;
let clock = null;
let spent = new Map(); // object -> work that the worker was not told of yet
let heard = performance.now(); // of the last key or move
let ticked = performance.now(); // when the clock was looked at last
let waited = 0; // since when an answer is waited for
let said = 0; // prompts on their way
let working = false; // a tracking is under way: one that was over before the page came is not counted
const counted = new Set(); // tracking jobs whose seconds were counted

/** Asks the worker. False: it serves the ordinary page. */
export async function startAnnotating() {
  const found = await call("GET", "annotate");
  if (!found.annotating) return false;
  if (!panel) begin();
  await show(found);
  if (!found.taken) $("#viewer").blur();
  return true;
}

/** Why an action is not for the phase; "" where it may be done. */
export function refusal(does) {
  if (!room?.taken) return room && does === "open" ? "Take a video from the queue" : "";
  if (does === "open") return "Submit this video, or give it back, to open another";
  if (room.task === "verify" && CHANGES.some((change) => does.startsWith(change)))
    return "This video is to be verified, not changed: say what is unsatisfactory";
  const phase = room.phases.find((one) => one.number === room.phase);
  return does.startsWith("track") && !phase.tracks ? `${phase.title}: nothing is tracked in this mode` : "";
}

function begin() {
  panel = h("section", { class: "annotate", "aria-label": "Annotate" });
  $("#side").prepend(panel);
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel"])
    document.addEventListener(kind, () => (heard = performance.now()), { passive: true });
  document.addEventListener("keydown", steps);
  watch(["pending"], countPrompts);
  watch(["jobs"], countTracking);
  watch(["session"], () => room && drawVerdict());
  setInterval(tick, 1000);
  setInterval(() => attempt(quietly), BEAT);
  document.addEventListener("visibilitychange", () => document.hidden && room.taken && attempt(beat));
  actions.before.prompt = prepare;
}

// What is counted -----------------------------------------------------------------------------------------------------

function add(object, more) {
  if (room?.task !== "annotate") return;
  const work = spent.get(object) ?? { seconds: 0, machine_seconds: 0, interactions: 0 };
  for (const [name, value] of Object.entries(more)) work[name] += value;
  spent.set(object, work);
}

/** Prompts go out one after the other; from the first to the last answer the engines work. */
function countPrompts() {
  const { pending } = state;
  if (pending.length > said) add(pending.at(-1).object_id, { interactions: pending.length - said });
  if (pending.length && !waited) waited = performance.now();
  if (!pending.length && waited) {
    add(state.active, { machine_seconds: (performance.now() - waited) / 1000 });
    waited = 0;
  }
  said = pending.length;
}

function countTracking() {
  for (const job of state.jobs.values()) {
    if (job.kind !== "track" || !["done", "cancelled"].includes(job.status) || counted.has(job.id)) continue;
    counted.add(job.id);
    if (working) add(state.active, { machine_seconds: job.seconds });
  }
  working = [...state.jobs.values()].some((job) => job.kind === "track" && ["queued", "running"].includes(job.status));
}

function tick() {
  if (!room?.taken || !state.session) return;
  const busy = working || waited || performance.now() - heard < IDLE;
  const counts = !document.hidden && busy && room.task === "annotate";
  const now = performance.now();
  if (counts) add(state.active, { seconds: Math.min(now - ticked, LONGEST) / 1000 });
  ticked = now;
  clock?.classList.toggle("paused", !counts);
  drawClock();
}

/** Keeps the video, and the queue fresh; a worker that does not answer is told of elsewhere. */
async function quietly() {
  try {
    if (room.taken) await beat();
    else room = await call("GET", "annotate");
    panel.querySelector(".queue").replaceWith(queue());
  } catch (error) {
    if (error.status !== 0) throw error;
  }
}

async function beat() {
  const sent = spent;
  spent = new Map();
  const work = [...sent].map(([object_id, one]) => ({ object_id, ...one }));
  try {
    room = await call("POST", "annotate/beat", { work });
  } catch (error) {
    if (error.status === 0) for (const [object, one] of sent) add(object, one);
    if (error.status !== 400) throw error;
    detach(); // taken over, or given back while nobody was here
    await show(await call("GET", "annotate"));
    throw error;
  }
}

/** The worker may begin a tracked frame anew; what was tracked from there on is asked for again then. */
async function prepare({ frame, object_id }) {
  if (!room?.taken) return;
  const { forgotten } = await call("POST", "annotate/prepare", { frame, object_id });
  if (forgotten) masks.outdate();
}

// What can be done ----------------------------------------------------------------------------------------------------

/** Takes over what the worker says, and shows the session that belongs to it. */
async function show(found) {
  room = found;
  if (room.session && room.session !== state.session?.id) await attach(await call("GET", `sessions/${room.session}`));
  draw();
}

async function take(name = null) {
  if (room.taken) await leave("release");
  if (!room.taken) await attempt(async () => show(await call("POST", "annotate/take", { name })));
  if (room.taken) announce(`${room.taken}: ${room.task}`);
}

/** Ends the work at the video: its session is let go of before the worker closes it. */
async function leave(how, body) {
  await attempt(async () => {
    await beat();
    detach();
    try {
      await show(await call("POST", `annotate/${how}`, body));
      spent = new Map();
    } finally {
      if (room.taken) await show(await call("GET", "annotate"));
    }
  });
}

async function submit() {
  if (!objects().length) return toast("There is no masklet yet: click on an object");
  if (state.pending.length || working) return toast("Wait until the engines are done");
  const name = room.taken;
  await leave("submit");
  if (!room.taken) toast(`${name} submitted`);
  return undefined;
}

async function judge(satisfactory) {
  const wrong = [...panel.querySelectorAll("[data-wrong]:checked")].map((tick) => Number(tick.value));
  if (!satisfactory && !wrong.length) return toast("Tick the objects that are unsatisfactory");
  const note = panel.querySelector("#annotate-note")?.value ?? "";
  return leave("verdict", { unsatisfactory: satisfactory ? [] : wrong, note });
}

async function choosePhase(number) {
  await attempt(async () => show(await call("PUT", "annotate/phase", { phase: number })));
  draw();
}

/** To the annotated frame before or after. */
function go(direction) {
  const { step } = room;
  const at = direction > 0 ? Math.floor(state.frame / step) + 1 : Math.ceil(state.frame / step) - 1;
  if (at >= 0 && at * step < frameCount()) {
    set({ playing: false });
    actions.go(at * step);
  }
}

function steps(event) {
  const direction = { ">": 1, "<": -1 }[event.key];
  if (!direction || !room?.taken || event.target.closest?.("input, select, dialog") || event.defaultPrevented) return;
  event.preventDefault();
  go(direction);
}

async function showProposals() {
  const found = await attempt(() => call("GET", "annotate/proposals"));
  const list = panel.querySelector(".proposed");
  if (!found || !list) return;
  list.replaceChildren(
    ...found.map((one) =>
      h(
        "li",
        {},
        h("span", {}, `Frame ${one.frame + 1}, stability ${one.score.toFixed(2)}`),
        h(
          "button",
          { class: "plain", "aria-label": `Take proposal ${one.index}`, onclick: (event) => accept(one, event) },
          "Take",
        ),
      ),
    ),
  );
}

/** A proposal becomes a new object, as if it had been painted. */
async function accept(one, event) {
  event.target.disabled = true;
  set({ frame: one.frame, active: newObjectId() });
  const deadline = performance.now() + 5000;
  while (state.shown !== one.frame && performance.now() < deadline) await new Promise((done) => setTimeout(done, 30));
  await actions.say({ kind: "mask", rle: { size: one.size, counts: one.counts } });
}

// What is shown -------------------------------------------------------------------------------------------------------

function draw() {
  const { taken, task } = room;
  clock = h("span", { class: "clock", role: "timer", "aria-label": "Time on this video" });
  const button = (title, run, strong = false, label = null) =>
    h("button", { class: strong ? "button strong" : "button", "aria-label": label, title: label, onclick: run }, title);
  const parts = [
    h("div", { class: "panel-head" }, h("h2", {}, taken || "Annotate"), clock),
    h("p", { class: "faint said" }, taken ? words(task) : `You are ${room.annotator}. Take a video.`),
    taken && task === "annotate" && phases(),
    taken &&
      h(
        "div",
        { class: "row" },
        button("‹", () => go(-1), false, "Annotated frame before (<)"),
        h("span", { class: "faint" }, `every ${room.step === 1 ? "frame" : `${room.step} frames`}`),
        button("›", () => go(1), false, "Annotated frame after (>)"),
      ),
    taken && task === "annotate" && room.proposals > 0 && proposals(),
    h("div", { class: "verdict" }),
    h(
      "div",
      { class: "row" },
      taken && button("Give back", () => leave("release")),
      taken && task === "annotate" && button("Submit", submit, true),
      taken && task === "verify" && button("Unsatisfactory", () => judge(false)),
      taken && task === "verify" && button("Satisfactory", () => judge(true), true),
      !taken && button("Next video", () => take(), true),
    ),
    queue(),
  ];
  panel.replaceChildren(...parts.filter(Boolean));
  drawVerdict();
  drawClock();
}

const words = (task) =>
  task === "verify" ? "Verify: is every masklet right on all frames?" : "Annotate. Keys < and > go by annotated frames.";

function phases() {
  const select = menu(
    room.phases.map((one) => [String(one.number), `${one.number} ${one.title}`]),
    String(room.phase),
  );
  select.setAttribute("aria-label", "Mode");
  select.title = room.phases.find((one) => one.number === room.phase).summary;
  select.addEventListener("change", () => choosePhase(Number(select.value)));
  return h("div", { class: "row" }, h("span", { class: "faint" }, "Mode"), select);
}

function proposals() {
  return h(
    "details",
    { ontoggle: (event) => event.target.open && showProposals() },
    h("summary", {}, `${room.proposals} proposals`),
    h("ul", { class: "proposed" }),
  );
}

/** A box to tick for each object that is wrong, and a place to say why. */
function drawVerdict() {
  const place = panel.querySelector(".verdict");
  if (!place || room.task !== "verify") return place?.replaceChildren();
  if (place.children.length === objects().length + 1) return undefined;
  const ticks = objects().map((object) =>
    h(
      "label",
      { class: "tick" },
      h("input", { type: "checkbox", value: object.object_id, data: { wrong: "" } }),
      `${nameOf(object.object_id)} is unsatisfactory`,
    ),
  );
  const note = h("input", { type: "text", id: "annotate-note", placeholder: "Why", "aria-label": "Why", maxlength: 200 });
  place.replaceChildren(...ticks, note);
  return undefined;
}

function drawClock() {
  if (!clock || !room.taken || room.task === "verify") return;
  const told = room.work.reduce((sum, one) => sum + one.seconds, 0);
  const more = [...spent.values()].reduce((sum, one) => sum + one.seconds, 0);
  const seconds = told + more;
  const frames = Math.ceil(frameCount() / room.step) * Math.max(1, objects().length);
  const each = frames ? ` · ${(seconds / frames).toFixed(1)} s a frame` : "";
  setText(clock, `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}${each}`);
}

function queue() {
  const mine = (one) => one.state === "taken" && one.holder === room.annotator;
  return h(
    "ul",
    { class: "queue", "aria-label": "Queue" },
    room.queue.map((one) =>
      h(
        "li",
        { data: { video: one.name, state: one.state } },
        h(
          "button",
          {
            class: "plain",
            title: one.note || `Take ${one.name}`,
            disabled: (one.state === "taken" && !mine(one)) || one.name === room.taken,
            onclick: () => take(one.name),
          },
          one.name,
        ),
        h("span", { class: `state ${one.state.replace(" ", "-")}` }, mine(one) ? "yours" : stated(one)),
      ),
    ),
  );
}

const stated = (one) => (one.state === "taken" ? `taken by ${one.holder}` : one.state);
