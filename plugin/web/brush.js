// A mask painted by hand: begins with the object's mask on the frame, and is said to the worker stroke by stroke.

import * as masks from "./masks.js";
import { encode } from "./rle.js";
import { shapeOf } from "./shape.js";
import { colourOf, state, video } from "./store.js";

let layer = null; // {frame, object, canvas, context, last}

/** The layer to draw instead of the object's mask, or null. */
export const painted = () => layer;

/** Begins a stroke at a point in source coordinates. */
export function begin(at, erase) {
  const { width, height } = video();
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const known = masks.masksOf(state.shown).get(state.active);
  const colour = colourOf(state.active);
  if (known) {
    const shape = shapeOf(known.rle);
    if (shape.area) context.drawImage(shape.picture(colour), shape.x, shape.y);
  }
  context.globalCompositeOperation = erase ? "destination-out" : "source-over";
  context.strokeStyle = colour;
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = state.settings.brush;
  layer = { frame: state.shown, object: state.active, canvas, context, last: at };
  stroke(at);
}

export function stroke(at) {
  const { context, last } = layer;
  context.beginPath();
  context.moveTo(last.x, last.y);
  context.lineTo(at.x, at.y);
  context.stroke();
  layer.last = at;
}

/** Ends the stroke: what is painted now, as a wire.Rle. The layer stays until clear(). */
export function finish() {
  const { canvas, context } = layer;
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint8Array(canvas.width * canvas.height);
  for (let index = 0; index < pixels.length; index++) pixels[index] = data[index * 4 + 3] >> 7;
  return encode([canvas.height, canvas.width], pixels);
}

export function clear() {
  layer = null;
}
