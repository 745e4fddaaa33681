// The open session: attached to the worker's events, found again after a reload, a lost connection or a new worker.
// Knows no buttons; what the user does to a session is in actions.js.

import { call, download, showSession } from "./api.js";
import { announce, attempt, toast } from "./dom.js";
import { listen } from "./events.js";
import * as masks from "./masks.js";
import { clearPictures } from "./pictures.js";
import { showReceipt } from "./outcomes.js";
import { acrossObjects, resetView } from "./viewer.js";
import { edits, running, set, state } from "./store.js";

let stop = () => {};
let waiting = 0;
let newest = 0; // the last revision that was told
const mine = new Set(); // exports that this tab asked for, to be handed to its downloads

/** Shows a session from now on. */
export async function attach(session) {
  stop();
  const again = state.session?.project === session.project;
  masks.reset(session.id);
  clearPictures();
  set({ session, jobs: byId(session.jobs), times: [], offer: null, pending: [], compare: false });
  if (!again) {
    const active = session.objects[0]?.object_id ?? 1;
    set({ frame: 0, active, range: null, hidden: new Set(), solo: null, ...rememberedPlace(session) });
    resetView();
  }
  sessionStorage.setItem("tam-project", session.project);
  showSession(session.id);
  document.title = `${session.video.name} · tam-studio`;
  stop = listen(`sessions/${session.id}/events`, { event, up, down, gone });
  set({ times: await call("GET", `sessions/${session.id}/times`) });
}

/** Shows no session any more, as before the worker closes it. */
export function detach() {
  stop();
  sessionStorage.removeItem("tam-project");
  set({ session: null, jobs: new Map(), times: [], offer: null, pending: [], compare: false });
}

/** The session that the tab showed before it was reloaded; null if there was none. */
export async function findAgain(id) {
  const project = sessionStorage.getItem("tam-project");
  try {
    if (id) return await call("GET", `sessions/${id}`);
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  return project ? call("POST", "sessions", { project }) : null;
}

/** Takes over what the worker says of the session, unless something newer is known. */
export function apply(session) {
  if (session.id !== state.session?.id || session.revision < state.session.revision) return;
  if (session.removal?.id !== state.session.removal?.id) clearPictures("removal");
  set({ session, jobs: merged(session.jobs) });
}

export async function refresh() {
  const session = await call("GET", `sessions/${state.session.id}`);
  apply(session);
}

export function downloadWhenDone(job) {
  const known = state.jobs.get(job.id);
  if (known?.status === "done") return attempt(() => download(known.download));
  mine.add(job.id);
  return begun(job);
}

/** The answer to a request for work; of quick work, events may have told more by then. */
export function begun(job) {
  if (!state.jobs.has(job.id)) addJob(job);
}

export function addJob(job) {
  set({ jobs: new Map(state.jobs).set(job.id, job) });
}

function event(message) {
  if (message.kind === "masks") masks.learn(message.frame, message.masks, true);
  if (message.kind === "job") jobChanged(message.job);
  if (message.kind === "state") later(message.revision);
}

/** Several changes in a row are asked for once, and not at all if they came of what was asked here. */
function later(revision) {
  newest = revision;
  waiting ||= setTimeout(async () => {
    waiting = 0;
    if (!state.session || newest <= state.session.revision) return;
    await attempt(refresh);
    if (!running("track")) masks.outdate();
  }, 250);
}

function jobChanged(job) {
  const before = state.jobs.get(job.id);
  addJob(job);
  if (!over(job) || (before && before.status === job.status)) return;
  if (job.status === "failed") toast(job.problem?.message ?? `${job.title} failed`, { problem: true });
  else announce(`${job.title}: ${job.status}. ${job.result}`);
  attempt(refresh).then(() => {
    if (job.kind === "track") masks.settle();
    const operation = edits().find((entry) => entry.name === job.kind);
    if (operation && job.status === "done") edited(operation);
  });
  if (job.outcome?.kind === "receipt" && !job.outcome.passed)
    toast(job.result, { problem: true, action: { title: "Details", run: () => showReceipt(job) } });
  if (mine.delete(job.id) && job.download) attempt(() => download(job.download));
}

function edited({ title }) {
  set({ compare: true, split: acrossObjects() });
  toast(`${title}: done. Drag the line to compare; C turns it off.`);
}

function up() {
  const back = state.connection === "lost";
  set({ connection: "on" });
  if (!back) return;
  announce("Connected again");
  attempt(refresh);
  masks.outdate();
}

function down() {
  if (state.connection === "on") set({ connection: "lost" });
}

/** The token is not valid any more, or the worker has closed the session: its project goes on in a new one. */
async function gone(status) {
  if (status === 401) return set({ connection: "refused" });
  set({ connection: "lost" });
  try {
    const session = await findAgain(null);
    if (session) await attach(session);
  } catch (error) {
    if (error.status === 0) return setTimeout(() => gone(status), 2000);
    set({ connection: "on" });
    toast(error.message, { problem: true });
  }
  return undefined;
}

const over = (job) => ["done", "cancelled", "failed"].includes(job.status);

const byId = (jobs) => new Map(jobs.map((job) => [job.id, job]));

/** Events may be ahead of the state: a job that is over stays over. */
function merged(jobs) {
  const all = new Map(state.jobs);
  for (const job of jobs) {
    const known = all.get(job.id);
    const behind = job.status === "running" && known?.done > job.done;
    const stale = behind || (known && over(known) && !over(job));
    if (!stale) all.set(job.id, job);
  }
  return all;
}

/** Where the user was in this project before the tab was reloaded. */
function rememberedPlace({ project, video }) {
  const { project: before, ...place } = JSON.parse(sessionStorage.getItem("tam-place") ?? "{}");
  return project === before && place.frame < video.frame_count ? place : {};
}

export function rememberPlace() {
  if (!state.session) return;
  const { frame, range, active } = state;
  sessionStorage.setItem("tam-place", JSON.stringify({ project: state.session.project, frame, range, active }));
}
