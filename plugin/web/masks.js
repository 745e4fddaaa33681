// The masks that the page knows, by frame: asked for in blocks around the playhead, told by events, and from answers.
// After a change of the session they are shown until newer ones have come.

import { call } from "./api.js";
import { attempt } from "./dom.js";
import { isEmpty } from "./rle.js";
import { state, set, frameCount } from "./store.js";

const BLOCK = 24;

let session = "";
let clock = 0; // grows with all that is learned; a slow answer does not overwrite what came after it was asked for
let current = 0; // blocks asked for before this are out of date
let frames = new Map(); // frame -> {at, masks: Map(object -> {rle, score}), prompts}
let blocks = new Map(); // block -> clock when it was asked for
let found = new Map(); // object -> Map(frame -> lane state), while tracking
const listeners = new Set();

export const masksOf = (frame) => frames.get(frame)?.masks ?? new Map();
export const promptsOf = (frame) => frames.get(frame)?.prompts ?? [];
export const foundOf = (object) => found.get(object) ?? new Map();
export const onMasks = (listener) => listeners.add(listener);

/** Forgets everything: another session. */
export function reset(id) {
  session = id;
  frames = new Map();
  blocks = new Map();
  found = new Map();
}

/** The session changed: what is known is shown until it has been asked for again. */
export function outdate() {
  current = ++clock;
  need(state.shown);
}

/** Tracking is over: the lanes of the session say it all. */
export function settle() {
  found = new Map();
  outdate();
}

/** Masks of some objects of a frame, from an event or an answer. */
export function learn(frame, masks, tracked = false) {
  const known = frames.get(frame) ?? { at: 0, masks: new Map(), prompts: [] };
  const merged = new Map(known.masks);
  for (const { object_id, rle, score } of masks) {
    merged.set(object_id, { rle, score });
    if (tracked) note(object_id, frame, rle, score);
  }
  frames.set(frame, { ...known, at: ++clock, masks: merged });
  tell(frame);
}

/** What was said on a frame, until the worker repeats it. */
export function remember(frame, prompts) {
  const known = frames.get(frame) ?? { at: 0, masks: new Map(), prompts: [] };
  frames.set(frame, {
    ...known,
    at: ++clock,
    prompts: [...known.prompts, ...prompts.filter((one) => one.kind !== "mask")],
  });
}

/** Sees to it that the masks at and ahead of a frame are known. */
export function need(frame) {
  if (!session) return;
  const block = Math.floor(frame / BLOCK);
  for (const wanted of [block, block + 1, block - 1]) {
    const start = wanted * BLOCK;
    if (start < 0 || start >= frameCount() || (blocks.get(wanted) ?? -1) >= current) continue;
    blocks.set(wanted, ++clock);
    attempt(() => fetchBlock(wanted, start, clock));
  }
}

async function fetchBlock(block, start, asked) {
  const from = session;
  const stop = Math.min(start + BLOCK, frameCount());
  let answer;
  try {
    answer = await call("GET", `sessions/${from}/masks?start=${start}&stop=${stop}`);
  } catch (error) {
    if (blocks.get(block) === asked) blocks.delete(block);
    throw error;
  }
  if (from !== session || blocks.get(block) !== asked) return;
  const told = new Map(answer.map((one) => [one.frame, one]));
  for (let frame = start; frame < stop; frame++) {
    if ((frames.get(frame)?.at ?? 0) > asked) continue;
    const { masks = [], prompts = [] } = told.get(frame) ?? {};
    frames.set(frame, { at: asked, masks: new Map(masks.map((one) => [one.object_id, one])), prompts });
  }
  tell(state.shown);
}

function note(object, frame, rle, score) {
  if (!found.has(object)) found.set(object, new Map());
  found.get(object).set(frame, isEmpty(rle) ? "absent" : score < 0.5 ? "low" : "tracked");
  set({ found: clock });
}

function tell(frame) {
  for (const listener of listeners) listener(frame);
}
