// Which pictures of the video the viewer needs, and which of those that are here it shows.

import { Frames } from "./frames.js";
import { frameCount, state, video } from "./store.js";

const QUICK = 960; // pixels across are enough while the picture moves

const telling = new Set();
const tell = () => telling.forEach((listener) => listener());

export const source = new Frames((index, width) => `frames/${index}?width=${width}&of=source`, tell);
export const removal = new Frames((index, width) => `frames/${index}?width=${width}&of=removal`, tell);
export const origins = new Frames((index, width) => `provenance/${index}?width=${width}`, tell);

/** Calls the listener when a picture has come. */
export const onPictures = (listener) => telling.add(listener);

export function clearPictures(of) {
  if (of !== "removal") source.clear();
  removal.clear();
  origins.clear();
}

/** Asks for what a picture of that many screen pixels across needs now: full size at rest, less while it moves. */
export function plan(full) {
  const quick = state.scrubbing || state.playing;
  const indexes = wanted().filter((index) => index >= 0 && index < frameCount());
  const width = quick ? Math.min(full, QUICK) : full;
  source.want(indexes, width);
  if (comparing()) removal.want(indexes.filter(isRemoved), width);
  if (tracing()) origins.want(indexes.filter(isRemoved), width);
}

function wanted() {
  const { frame } = state;
  if (state.scrubbing) return [frame];
  if (!state.playing) return [frame, frame + 1, frame - 1, frame + 2, frame + 3, frame - 2, frame + 4, frame + 5];
  const rate = frameCount() / video().duration;
  const stride = Math.max(1, Math.ceil((source.interval * rate) / 1000));
  const first = Math.ceil((frame + 1) / stride) * stride;
  return Array.from({ length: 14 }, (_, index) => first + index * stride);
}

export const comparing = () => state.compare && state.session?.removal;

/** Whether the after side shows where its pixels are from. */
export const tracing = () => comparing() && state.provenance && state.session.removal.provenance;

export function isRemoved(index) {
  const { start, stop } = state.session.removal;
  return index >= start && index < stop;
}

/** The playhead's frame, or until it is here the one nearest to it that is. */
export function pick() {
  const { frame, shown } = state;
  if (source.at(frame)) return frame;
  if (!source.at(shown)) return source.nearest(frame, frameCount());
  const reach = Math.abs(frame - shown) - 1;
  return source.nearest(frame, state.playing ? Math.min(reach, 12) : reach) ?? shown;
}
