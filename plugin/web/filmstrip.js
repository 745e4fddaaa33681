// The filmstrip: one picture of the whole video from the worker, from which the timeline shows a piece per place.

import { blob } from "./api.js";
import { attempt } from "./dom.js";
import { frameAt } from "./sight.js";
import { frameCount, state, video } from "./store.js";

const HEIGHT = 46; // CSS pixels
const MOST = 60; // frames in it

let strip = null; // {bitmap, count, project}

/** Asks for a strip for a timeline of that width, once for a video; `arrived()` when it has come. */
export function loadStrip(width, arrived) {
  if (!video() || !width) return;
  const { id, project } = state.session;
  const piece = (HEIGHT * video().width) / video().height;
  const count = Math.max(1, Math.min(frameCount(), MOST, Math.ceil(width / piece)));
  if (strip?.project === project && strip.count >= count) return;
  const wanted = { project, count, bitmap: null };
  strip = wanted;
  const height = Math.min(96, Math.round(HEIGHT * devicePixelRatio));
  attempt(async () => {
    const data = await blob(`sessions/${id}/filmstrip?count=${count}&height=${height}`);
    wanted.bitmap = await createImageBitmap(data);
    arrived();
  });
}

/** Each place shows the piece that is nearest in time, however far the timeline is zoomed. */
export function drawStrip(context, width) {
  if (!strip?.bitmap) return;
  const { bitmap, count } = strip;
  const piece = bitmap.width / count;
  const wide = (HEIGHT * video().width) / video().height;
  for (let x = 0; x < width; x += wide) {
    const frame = frameAt(x + wide / 2) + 0.5;
    const which = Math.max(0, Math.min(count - 1, Math.floor((frame / frameCount()) * count)));
    context.drawImage(bitmap, which * piece, 0, piece, bitmap.height, x, 0, wide, HEIGHT);
    context.fillStyle = "rgb(0 0 0 / 0.35)";
    context.fillRect(x + wide - 1, 0, 1, HEIGHT);
  }
}
