// What the user can do to the session. Each asks the worker and takes over its answer; the picture does not wait.

import { call } from "./api.js";
import { announce, attempt, toast } from "./dom.js";
import * as masks from "./masks.js";
import { addJob, apply, attach, begun, downloadWhenDone } from "./session.js";
import { frameCount, nameOf, newObjectId, objectOf, objects, running, set, span, state } from "./store.js";

const here = (path) => `sessions/${state.session.id}/${path}`;

export async function open(request) {
  const session = await call("POST", "sessions", request);
  await attach(session);
}

// Prompts -------------------------------------------------------------------------------------------------------------

let last = Promise.resolve();

/** Runs task(session id) when all that was said before is done, unless another session is shown by then. */
function inTurn(task) {
  const { id } = state.session;
  last = last.then(() => (isShown(id) ? attempt(() => task(id)) : undefined));
  return last;
}

const isShown = (id) => state.session?.id === id;

/** What is done before a prompt is sent: the annotate mode may begin its frame anew. */
export const before = { prompt: async () => {} };

/** Says something about an object on the frame shown. Prompts go one after the other, in order. */
export function say(prompt) {
  if (!state.session) return last;
  const frame = state.shown;
  set({ playing: false, frame, offer: null });
  const whole = { ...prompt, frame, object_id: state.active };
  const begun = performance.now();
  set({ pending: [...state.pending, whole] });
  inTurn(async (id) => {
    await before.prompt(whole);
    await answer(id, { prompts: [whole] }, begun);
  });
  last = last.then(() => {
    set({ pending: state.pending.filter((one) => one !== whole) });
  });
  return last;
}

async function answer(id, request, begun) {
  const told = await call("POST", `sessions/${id}/prompts`, request);
  if (!isShown(id)) return;
  masks.learn(told.frame, told.masks);
  if (!request.replace) masks.remember(told.frame, request.prompts);
  const choice = told.candidates.length > 1 && told.frame === state.frame;
  set({ offer: choice ? { request, candidates: told.candidates, candidate: told.candidate } : null });
  apply(told.state);
  requestAnimationFrame(() => performance.measure("click to mask", { start: begun }));
  const object = request.prompts[0].object_id;
  const which = choice ? ` Answer ${told.candidate + 1} of ${told.candidates.length}` : "";
  announce(`${nameOf(object)} found on frame ${told.frame + 1}.${which}`);
}

/** Takes the next of the segmenter's answers for the last prompt; it is shown at once. */
export function nextCandidate(step = 1) {
  if (!state.offer) return;
  const { request, candidates, candidate } = state.offer;
  const next = (candidate + step + candidates.length) % candidates.length;
  set({ offer: { ...state.offer, candidate: next } });
  masks.learn(request.prompts[0].frame, [candidates[next]]);
  const begun = performance.now();
  inTurn((id) => answer(id, { ...request, candidate: next, replace: true }, begun));
}

// History -------------------------------------------------------------------------------------------------------------

export const undo = () => changeState("POST", "undo");
export const redo = () => changeState("POST", "redo");

/** A request that answers with the session's new state, after which masks may be others. */
function changeState(method, path, body) {
  if (!state.session) return undefined;
  set({ offer: null });
  return inTurn(async (id) => {
    const session = await call(method, `sessions/${id}/${path}`, body);
    if (!isShown(id)) return;
    apply(session);
    masks.outdate();
  });
}

// Objects -------------------------------------------------------------------------------------------------------------

export function choose(id) {
  set({ active: id, offer: null });
  announce(`${nameOf(id)} chosen`);
}

export function addObject() {
  choose(newObjectId());
}

export const changeObject = (id, patch) => changeState("PATCH", `objects/${id}`, patch);

export async function deleteObject(id) {
  if (!objectOf(id)) return;
  const name = nameOf(id);
  await changeState("DELETE", `objects/${id}`);
  if (objectOf(id)) return;
  if (state.active === id) set({ active: objects()[0]?.object_id ?? 1 });
  toast(`${name} deleted`, { action: { title: "Undo", run: undo } });
}

export const endObject = (id, frame) => changeState("DELETE", `objects/${id}?from_frame=${frame}`);

export function toggleHidden(id) {
  const hidden = new Set(state.hidden);
  if (!hidden.delete(id)) hidden.add(id);
  set({ hidden, solo: null });
}

export const toggleSolo = (id) => set({ solo: state.solo === id ? null : id });

export const reject = ({ index }) => changeState("POST", `proposals/${index}`, { accept: false });

/** The object is there: it is tracked through that shot at once. */
export async function accept({ index, object_id, start, stop }) {
  await changeState("POST", `proposals/${index}`, { accept: true });
  await startTracking({ direction: "both", objects: [object_id], start, stop });
}

export const useEngines = (change) => changeState("PATCH", "engines", change);

// Jobs ----------------------------------------------------------------------------------------------------------------

export async function track(direction) {
  set({ offer: null });
  const { start, stop } = span();
  const request = { direction, start, stop };
  const stale = objects().some((object) => object.stale);
  if (!stale && objectOf(state.active)) request.objects = [state.active];
  await startTracking(request);
}

const startTracking = (request) => attempt(async () => begun(await call("POST", here("track"), request)));

/** Any operation of the catalogue that makes new pictures. */
export const edit = (operation, request) => attempt(async () => begun(await call("POST", here(operation), request)));

/** Asks what a removal will be like; the job that finds out, or undefined. */
export const forecast = (request) =>
  attempt(async () => {
    const job = await call("POST", here("forecast"), request);
    begun(job);
    return job;
  });

export const exportFile = (request) =>
  attempt(async () => {
    const job = await call("POST", here("export"), request);
    if (request.path) begun(job);
    else downloadWhenDone(job);
  });

export const steerJob = (id, verb) => attempt(async () => addJob(await call("POST", `jobs/${id}/${verb}`)));

export function stopTracking() {
  const job = running("track");
  if (job) steerJob(job.id, "cancel");
  return Boolean(job);
}

// The playhead --------------------------------------------------------------------------------------------------------

export function go(frame) {
  if (!state.session) return;
  const to = Math.max(0, Math.min(frameCount() - 1, Math.round(frame)));
  if (to !== state.frame) set({ frame: to, offer: null });
}

export function step(by) {
  set({ playing: false });
  go(state.frame + by);
}

/** To the next frame (or the one before) on which something was said about the chosen object. */
export function goPrompted(direction) {
  const frames = objectOf(state.active)?.prompted ?? [];
  const ahead = frames.filter((frame) => (frame - state.frame) * direction > 0).sort((a, b) => (a - b) * direction);
  if (ahead.length) go(ahead[0]);
}

/** To the frame whose correction would help most: the chosen object's, or else any object's. */
export function fixNext() {
  const chosen = [objectOf(state.active), ...objects()].find((object) => object && object.fix_next !== null);
  if (!chosen) return toast("Nothing stands out: no frame of low confidence");
  set({ active: chosen.object_id, playing: false });
  go(chosen.fix_next);
  toast(`${nameOf(chosen.object_id)}, frame ${chosen.fix_next + 1}: ${chosen.fix_why}`);
}

/** Sets the in or out point at the playhead. */
export function mark(which) {
  const { start, stop } = span();
  const at =
    which === "in"
      ? { start: state.frame, stop: Math.max(stop, state.frame + 1) }
      : { start: Math.min(start, state.frame), stop: state.frame + 1 };
  set({ range: at.start === 0 && at.stop === frameCount() ? null : at });
}
