// Plays the frames by the video's own time stamps. Where pictures come too slowly, frames are left out: time goes on.

import { go } from "./actions.js";
import { frameCount, set, span, state, watch } from "./store.js";

let begun = 0; // performance.now() when the first frame was due
let first = 0; // its time in the video
let running = false;

export function startPlayer() {
  watch(["playing"], () => {
    if (state.playing && !running) start();
  });
}

export function togglePlay() {
  if (!state.session) return;
  set({ playing: !state.playing });
}

function start() {
  const { start: from, stop } = span();
  if (state.frame >= Math.min(stop, frameCount()) - 1 || state.frame < from) go(from);
  begun = performance.now();
  first = timeOf(state.frame);
  running = true;
  requestAnimationFrame(tick);
}

function tick(now) {
  const last = span().stop - 1;
  if (!state.playing || !state.session) {
    running = false;
    return;
  }
  const frame = frameAt(first + Math.max(0, now - begun) / 1000);
  go(Math.min(frame, last));
  if (frame >= last) set({ playing: false });
  requestAnimationFrame(tick);
}

const timeOf = (frame) => state.times[frame] ?? (frame * state.session.video.duration) / frameCount();

/** The frame that is on screen at a time: the last one that has begun. */
function frameAt(seconds) {
  const { times } = state;
  if (!times.length) return Math.floor((seconds * frameCount()) / state.session.video.duration);
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= seconds + 1e-6) low = middle;
    else high = middle - 1;
  }
  return seconds > times[times.length - 1] + 1 / 60 ? times.length : low;
}
