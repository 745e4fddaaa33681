// A mask as something to draw: a small picture of its box to fill with, and its outline exact to the pixel edge.

import { strips } from "./rle.js";

const KEPT = 120;
const shapes = new Map();

/** The shape of a wire.Rle; the latest ones are kept. */
export function shapeOf(rle) {
  const found = shapes.get(rle) ?? new Shape(rle);
  shapes.delete(rle);
  shapes.set(rle, found);
  if (shapes.size > KEPT) shapes.delete(shapes.keys().next().value);
  return found;
}

class Shape {
  constructor(rle) {
    this.strips = strips(rle);
    const { strips: all } = this;
    this.x = all.length ? all[0][0] : 0;
    this.width = all.length ? all[all.length - 1][0] + 1 - this.x : 0;
    this.y = all.reduce((least, strip) => Math.min(least, strip[1]), Infinity);
    this.height = all.reduce((most, strip) => Math.max(most, strip[2]), 0) - this.y;
    this.area = all.reduce((sum, [, top, bottom]) => sum + bottom - top, 0);
  }

  /** The box of the mask, filled with a "#rrggbb" colour where the object is. */
  picture(colour) {
    if (this.colour !== colour) {
      this.colour = colour;
      this.canvas = this.paint(parseInt(colour.slice(1), 16));
    }
    return this.canvas;
  }

  paint(rgb) {
    const canvas = new OffscreenCanvas(Math.max(1, this.width), Math.max(1, this.height));
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const value = (0xff000000 | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
    for (const [x, top, bottom] of this.strips) {
      let at = (top - this.y) * canvas.width + x - this.x;
      for (let y = top; y < bottom; y++, at += canvas.width) pixels[at] = value;
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  /** The edges between object and background pixels. */
  get outline() {
    this.path ??= outline(this.strips);
    return this.path;
  }

  /** Where a label goes: the middle of the topmost row. */
  get top() {
    const middle = this.x + this.width / 2;
    return { x: middle, y: this.y };
  }
}

function outline(all) {
  const path = new Path2D();
  const columns = new Map();
  for (const [x, top, bottom] of all) {
    if (!columns.has(x)) columns.set(x, []);
    columns.get(x).push(top, bottom);
    for (const y of [top, bottom]) {
      path.moveTo(x, y);
      path.lineTo(x + 1, y);
    }
  }
  for (const [x, edges] of columns) {
    upright(path, x, edges, columns.get(x - 1) ?? []);
    if (!columns.has(x + 1)) upright(path, x + 1, edges, []);
  }
  return path;
}

/** Lines at `x` where exactly one of two neighbouring columns has the object: between every other of their edges. */
function upright(path, x, edges, others) {
  const both = [...edges, ...others].sort((a, b) => a - b);
  for (let index = 0; index + 1 < both.length; index += 2) {
    if (both[index] === both[index + 1]) continue;
    path.moveTo(x, both[index]);
    path.lineTo(x, both[index + 1]);
  }
}
