// The timeline: ruler, filmstrip, a lane for each object, and the playhead, which is dragged or moved by arrow keys.

import * as actions from "./actions.js";
import { $, h, setText } from "./dom.js";
import { drawStrip, loadStrip } from "./filmstrip.js";
import { timecode } from "./format.js";
import { drawLane, drawRuler, laneText } from "./lanes.js";
import { foundOf } from "./masks.js";
import { follow, frameAt, moveSight, placeOf, seeAll, setWidth, width, zoomSight } from "./sight.js";
import { colourOf, frameCount, objects, set, state, video, watch } from "./store.js";
import { clock, startTransport } from "./transport.js";

const NO_LANES = "A lane for each object: where you said what it is, where it was followed, where it is away";

const parts = {};
let project = null;
let asked = false;

export function startTimeline(run) {
  build();
  startTransport(run);
  for (const element of [parts.ruler, parts.film, parts.lanes]) scrubbable(element);
  parts.track.addEventListener("wheel", wheel, { passive: false });
  new ResizeObserver(() => {
    setWidth(parts.film.clientWidth);
    loadStrip(width(), redraw);
    redraw();
    showHead();
  }).observe(parts.film);
  watch(["session"], () => {
    if (project !== state.session?.project) seeAll();
    project = state.session?.project;
    loadStrip(width(), redraw);
  });
  watch(["session", "found", "active", "range", "settings", "times", "sight"], () => {
    showLanes();
    redraw();
  });
  watch(["frame", "times", "session", "sight"], showHead);
}

function build() {
  parts.ruler = h("canvas", { class: "ruler" });
  parts.film = h("canvas", { class: "film" });
  parts.lanes = h("div", { class: "lanes", role: "list", "aria-label": "What is known of each object" });
  parts.empty = h("p", { class: "no-lanes faint" }, NO_LANES);
  const said = { role: "slider", tabindex: 0, "aria-label": "Playhead", "aria-valuemin": 1 };
  parts.head = h("div", { class: "head", ...said, onkeydown: headKeys });
  const over = h("div", { class: "headroom" }, parts.head);
  parts.track = h("div", { class: "track" }, clock(), parts.ruler, parts.film, parts.lanes, parts.empty, over);
  $("#timeline").append(parts.track);
}

// Moving about --------------------------------------------------------------------------------------------------------

const frameUnder = (event) => frameAt(event.clientX - parts.film.getBoundingClientRect().left);

function scrubbable(element) {
  element.addEventListener("pointerdown", (event) => {
    if (!video() || event.button !== 0 || event.target.closest("button")) return;
    element.setPointerCapture(event.pointerId);
    set({ playing: false, scrubbing: true });
    actions.go(frameUnder(event));
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) actions.go(frameUnder(event));
  });
  element.addEventListener("lostpointercapture", () => set({ scrubbing: false }));
}

function headKeys(event) {
  const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  actions.step(by * (event.shiftKey ? 10 : 1));
}

/** Ctrl and the wheel zoom the timeline; the wheel alone moves along it, or scrolls the lanes. */
function wheel(event) {
  const scrolls = event.target.closest(".lanes") && !event.ctrlKey && !event.shiftKey && !event.deltaX;
  if (!video() || scrolls) return;
  event.preventDefault();
  if (event.ctrlKey) zoomSight(Math.exp(event.deltaY * 0.002), frameUnder(event));
  else moveSight(event.deltaX || event.deltaY);
}

function showHead() {
  const count = frameCount();
  const { frame, times } = state;
  parts.head.hidden = !count;
  if (!count) return;
  follow(frame);
  const cell = placeOf(frame + 1) - placeOf(frame);
  parts.head.style.transform = `translateX(${placeOf(frame) + cell / 2}px)`;
  parts.head.style.setProperty("--cell", `${cell}px`);
  parts.head.setAttribute("aria-valuemax", count);
  parts.head.setAttribute("aria-valuenow", frame + 1);
  parts.head.setAttribute("aria-valuetext", `Frame ${frame + 1} of ${count}, ${timecode(times[frame] ?? 0)}`);
}

// Lanes ---------------------------------------------------------------------------------------------------------------

function showLanes() {
  const here = new Map([...parts.lanes.children].map((row) => [Number(row.dataset.object), row]));
  const rows = objects().map((object) => fill(here.get(object.object_id) ?? lane(object.object_id), object));
  const { children } = parts.lanes;
  const same = rows.length === children.length && rows.every((row, index) => children[index] === row);
  if (!same) parts.lanes.replaceChildren(...rows);
  parts.empty.hidden = rows.length > 0 || !video();
}

function lane(id) {
  const inside = [h("span", { class: "dot" }), h("span", { class: "text" })];
  const name = h("button", { class: "lane-name", onclick: () => actions.choose(id) }, inside);
  return h("div", { class: "lane", role: "listitem", data: { object: id } }, name, h("canvas", { role: "img" }));
}

function fill(row, object) {
  const [name, canvas] = row.children;
  name.children[0].style.background = colourOf(object.object_id);
  setText(name.children[1], object.name || `Object ${object.object_id}`);
  name.setAttribute("aria-pressed", String(object.object_id === state.active));
  canvas.setAttribute("aria-label", laneText(object, frameCount()));
  return row;
}

// Drawing -------------------------------------------------------------------------------------------------------------

/** Draws before the next picture of the screen, once for all reasons. */
function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    if (video()) draw();
  });
}

function draw() {
  const { sight, times, range } = state;
  const { cuts } = state.session;
  const at = { sight, width: width(), times, cuts, range };
  drawRuler(prepared(parts.ruler), { ...at, height: parts.ruler.clientHeight });
  drawStrip(prepared(parts.film), width());
  for (const row of parts.lanes.children) {
    const object = objects().find((one) => one.object_id === Number(row.dataset.object));
    const canvas = row.children[1];
    if (!object) continue;
    drawLane(prepared(canvas), object, { ...at, height: canvas.clientHeight, found: foundOf(object.object_id) });
  }
}

/** A canvas of the size that it has on screen, cleared, to be drawn in CSS pixels. */
function prepared(canvas) {
  const ratio = devicePixelRatio;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}
