// How masks, prompts and the tools' marks look. Everything is drawn in CSS pixels over a picture placed by a View.

import { shapeOf } from "./shape.js";

/** A mask: filled, and outlined so that it shows on anything. `look`: {opacity, active, dashed}. */
export function drawMask(context, view, rle, colour, look) {
  const shape = shapeOf(rle);
  if (!shape.area) return;
  context.save();
  context.translate(view.x, view.y);
  context.scale(view.scale, view.scale);
  if (look.opacity) {
    context.globalAlpha = look.opacity;
    context.imageSmoothingEnabled = view.scale < 2;
    context.drawImage(shape.picture(colour), shape.x, shape.y);
    context.globalAlpha = 1;
  }
  context.lineCap = "square";
  context.strokeStyle = "rgb(0 0 0 / 0.45)";
  context.lineWidth = (look.active ? 3.6 : 2.6) / view.scale;
  context.stroke(shape.outline);
  context.strokeStyle = look.dashed ? "#ffffff" : colour;
  context.lineWidth = (look.active ? 1.9 : 1.2) / view.scale;
  context.stroke(shape.outline);
  context.restore();
}

/** A small tag with an object's number and name over its mask. */
export function drawLabel(context, view, rle, colour, text) {
  const shape = shapeOf(rle);
  if (!shape.area) return;
  const at = view.toCanvas(shape.top.x, shape.top.y);
  context.font = "600 11px system-ui, sans-serif";
  const width = context.measureText(text).width + 12;
  const x = Math.max(view.x + 2, Math.min(at.x - width / 2, view.x + view.picture.width * view.scale - width - 2));
  const y = Math.max(view.y + 2, at.y - 23);
  context.fillStyle = "rgb(12 13 16 / 0.82)";
  context.beginPath();
  context.roundRect(x, y, width, 18, 4);
  context.fill();
  context.fillStyle = colour;
  context.fillRect(x, y + 3, 3, 12);
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, x + 8, y + 9.5);
}

/** A click: round with a plus, or square with a minus. `waiting`: 0..1, the phase of its pulse, or null. */
export function drawClick(context, view, { x, y, positive }, colour, waiting = null) {
  const at = view.toCanvas(x + 0.5, y + 0.5);
  context.save();
  context.translate(at.x, at.y);
  if (waiting !== null) {
    context.strokeStyle = "#fff";
    context.globalAlpha = 1 - waiting;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(0, 0, 8 + waiting * 14, 0, 7);
    context.stroke();
    context.globalAlpha = 1;
  }
  context.beginPath();
  if (positive) context.arc(0, 0, 7, 0, 7);
  else context.roundRect(-6.5, -6.5, 13, 13, 3);
  context.fillStyle = positive ? colour : "#1c1e23";
  context.strokeStyle = "#fff";
  context.lineWidth = 1.8;
  context.fill();
  context.stroke();
  context.beginPath();
  context.moveTo(-3.2, 0);
  context.lineTo(3.2, 0);
  if (positive) {
    context.moveTo(0, -3.2);
    context.lineTo(0, 3.2);
  }
  context.strokeStyle = positive ? ink(colour) : "#ff8078";
  context.stroke();
  context.restore();
}

export function drawBox(context, view, [x0, y0, x1, y1], colour) {
  const from = view.toCanvas(x0, y0);
  const to = view.toCanvas(x1, y1);
  for (const [style, width, dash] of [
    ["rgb(0 0 0 / 0.6)", 3, []],
    [colour, 1.5, [6, 4]],
  ]) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.strokeRect(from.x, from.y, to.x - from.x, to.y - from.y);
  }
  context.setLineDash([]);
}

/** The brush as a ring of `radius` source pixels around a point of the canvas. */
export function drawRing(context, view, { x, y }, radius, erase) {
  for (const [style, width] of [
    ["rgb(0 0 0 / 0.7)", 3],
    ["#fff", 1.3],
  ]) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.setLineDash(erase ? [4, 3] : []);
    context.beginPath();
    context.arc(x, y, Math.max(2, radius * view.scale), 0, 7);
    context.stroke();
  }
  context.setLineDash([]);
}

/** Where the keyboard's clicks go. */
export function drawCross(context, view, { x, y }) {
  const at = view.toCanvas(x + 0.5, y + 0.5);
  for (const [style, width] of [
    ["rgb(0 0 0 / 0.7)", 3.5],
    ["#fff", 1.5],
  ]) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      context.moveTo(at.x + dx * 5, at.y + dy * 5);
      context.lineTo(at.x + dx * 16, at.y + dy * 16);
    }
    context.stroke();
  }
}

/** Black or white, whichever can be read on a "#rrggbb" colour. */
export function ink(colour) {
  const rgb = parseInt(colour.slice(1), 16);
  const light = 0.299 * (rgb >> 16) + 0.587 * ((rgb >> 8) & 255) + 0.114 * (rgb & 255);
  return light > 140 ? "#101114" : "#ffffff";
}
