// Which frames the timeline shows (`state.sight`, as long as a zoomed timeline lets it be), and where they lie on it.

import { frameCount, set, state } from "./store.js";

const LEAST = 20; // frames that the timeline shows at the closest

let wide = 1; // CSS pixels

export const setWidth = (pixels) => (wide = Math.max(1, pixels));
export const width = () => wide;

const length = () => state.sight.stop - state.sight.start;

/** The left edge of a frame, in CSS pixels from the left end of the lanes. */
export const placeOf = (frame) => ((frame - state.sight.start) / length()) * wide;

/** The frame at a place of the lanes, inside the video. */
export function frameAt(x) {
  const frame = Math.floor(state.sight.start + (x / wide) * length());
  return Math.max(0, Math.min(frameCount() - 1, frame));
}

export function seeAll() {
  set({ sight: { start: 0, stop: Math.max(1, frameCount()) } });
}

/** Shows more (factor > 1) or fewer frames; the given one stays where it is. */
export function zoomSight(factor, frame) {
  const count = frameCount();
  const next = Math.max(Math.min(LEAST, count), Math.min(count, length() * factor));
  look(frame + 0.5 - ((frame + 0.5 - state.sight.start) / length()) * next, next);
}

export function moveSight(pixels) {
  look(state.sight.start + (pixels / wide) * length(), length());
}

/** Brings a frame into sight. */
export function follow(frame) {
  if (frame < state.sight.start || frame >= state.sight.stop) look(frame - length() / 2, length());
}

function look(start, many) {
  const from = Math.max(0, Math.min(frameCount() - many, start));
  set({ sight: { start: from, stop: from + many } });
}
