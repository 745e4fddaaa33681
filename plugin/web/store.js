// The one state of the page, and who is told when a part of it changes. Nothing here is worth saving: what the user
// did is in the worker's project. How the user likes to see it (SETTINGS) is kept in this browser.

const SETTINGS = { theme: "system", opacity: 0.45, labels: true, shortcuts: true, cache: 256, hints: true, brush: 24 };

export const state = {
  connection: "connecting", // "on", "lost", or "refused" (no valid token)
  health: null, // wire.Health
  catalogue: null, // wire.Catalogue
  session: null, // wire.SessionState
  jobs: new Map(), // id -> wire.Job
  times: [], // seconds of every frame
  frame: 0, // where the playhead is
  shown: 0, // the frame in the viewer: another one until the playhead's has come
  playing: false,
  scrubbing: false,
  tool: "click",
  active: 1, // the object that prompts are for
  hidden: new Set(),
  solo: null,
  overlay: true, // masks over the picture
  zoom: 0, // CSS pixels of a source pixel, 0 without a video
  found: 0, // grows with what tracking finds, see masks.js
  range: null, // {start, stop}: in and out points
  sight: { start: 0, stop: 1 }, // the frames on the timeline
  pending: [], // prompts that the worker has not answered yet
  offer: null, // {request, candidates, candidate}: what Tab goes through
  compare: false,
  split: 0.5, // of the viewer's width: before | after
  provenance: false, // whether the after side shows where its pixels are from
  settings: { ...SETTINGS, ...stored() },
};

const watchers = [];
const changed = new Set();

/** Calls `run` after any of the keys changed, once for all changes of a turn; and once now. */
export function watch(keys, run) {
  watchers.push({ keys, run });
  run();
}

export function set(patch) {
  for (const [key, value] of Object.entries(patch)) {
    if (state[key] === value) continue;
    state[key] = value;
    if (!changed.size) queueMicrotask(notify);
    changed.add(key);
  }
}

export function change(setting, value) {
  set({ settings: { ...state.settings, [setting]: value } });
  localStorage.setItem("tam-settings", JSON.stringify(state.settings));
}

function notify() {
  const keys = [...changed];
  changed.clear();
  for (const watcher of watchers) if (watcher.keys.some((key) => keys.includes(key))) watcher.run();
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem("tam-settings")) ?? {};
  } catch {
    return {};
  }
}

// What follows from the state -----------------------------------------------------------------------------------------

export const video = () => state.session?.video ?? null;
export const frameCount = () => state.session?.video.frame_count ?? 0;
export const objects = () => state.session?.objects ?? [];
export const objectOf = (id) => objects().find((object) => object.object_id === id) ?? null;
export const nameOf = (id) => objectOf(id)?.name || `Object ${id}`;
export const colourOf = (id) => objectOf(id)?.colour || "#9aa4b2";
export const isShown = (id) => (state.solo === null ? !state.hidden.has(id) : state.solo === id);
export const running = (kind) =>
  [...state.jobs.values()].find((job) => job.kind === kind && (job.status === "running" || job.status === "queued"));

/** The in and out points, or the whole video; `stop` is exclusive. */
export const span = () => state.range ?? { start: 0, stop: frameCount() };

/** The catalogue's operations that make new pictures: all but tracking. */
export const edits = () =>
  (state.catalogue?.entries ?? []).filter((entry) => entry.kind === "operation" && entry.name !== "track");

export function newObjectId() {
  return Math.max(0, ...objects().map((object) => object.object_id)) + 1;
}
