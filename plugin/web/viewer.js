// The picture with everything on it: which frame is drawn, which pictures are asked for, and what lies over them.
// The tools put their marks here (`marks`); what a mask or click looks like is in paint.js.

import { painted } from "./brush.js";
import { $, setText } from "./dom.js";
import { timecode } from "./format.js";
import * as masks from "./masks.js";
import { drawBox, drawClick, drawCross, drawLabel, drawMask, drawRing } from "./paint.js";
import { comparing, isRemoved, onPictures, origins, pick, plan, removal, source, tracing } from "./pictures.js";
import { shapeOf } from "./shape.js";
import { colourOf, frameCount, isShown, nameOf, objectOf, objects, set, state, video, watch } from "./store.js";
import { View } from "./view.js";

export const view = new View();
export const marks = { band: null, hover: null, cross: null, erase: false };

const calm = matchMedia("(prefers-reduced-motion: reduce)");
let canvas;
let context;
let asked = false;
let ground = "#000"; // around the picture

export function startViewer() {
  canvas = $("#viewer");
  context = canvas.getContext("2d", { alpha: false });
  new ResizeObserver(resize).observe($("#stage"));
  onPictures(redraw);
  masks.onMasks((frame) => frame === state.shown && redraw());
  watch(["frame", "playing", "scrubbing", "session", "compare", "provenance", "connection"], () => {
    ask();
    redraw();
  });
  watch(["settings"], () => (ground = getComputedStyle(canvas).getPropertyValue("--stage")));
  watch(["active", "hidden", "solo", "overlay", "pending", "offer", "settings", "split", "tool"], redraw);
  watch(["shown", "session", "playing", "active"], () => !state.playing && describe());
}

export function resetView() {
  view.fitted = true;
  resize();
}

/** Asks for the masks and pictures that are needed now. */
function ask() {
  if (!video()) return;
  masks.need(state.frame);
  plan(Math.min(video().width, view.picture.width * view.scale * devicePixelRatio));
}

/** Draws before the next picture of the screen, once for all reasons. */
export function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
}

export function zoom(factor, x, y) {
  view.zoom(factor, x, y);
  ask();
  redraw();
  set({ zoom: view.scale });
}

export function pan(dx, dy) {
  view.pan(dx, dy);
  redraw();
}

export function fit() {
  view.fit();
  ask();
  redraw();
  set({ zoom: view.scale });
}

function resize() {
  const { clientWidth: width, clientHeight: height } = $("#stage");
  view.resize({ width, height }, video() ?? { width: 16, height: 9 });
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  ask();
  draw();
  set({ zoom: video() ? view.scale : 0 });
}

/** The share of the canvas's width at which a dividing line goes through what was removed, or the middle. */
export function acrossObjects() {
  const here = masks.masksOf(state.shown);
  const removed = state.session.removal?.objects.filter((id) => here.has(id)) ?? [];
  const shapes = removed.map((id) => shapeOf(here.get(id).rle)).filter((shape) => shape.area);
  if (!shapes.length) return 0.5;
  const middle = shapes.reduce((sum, shape) => sum + shape.top.x, 0) / shapes.length;
  return Math.max(0.05, Math.min(0.95, view.toCanvas(middle, 0).x / view.canvas.width));
}

// Drawing -------------------------------------------------------------------------------------------------------------

function draw() {
  const ratio = devicePixelRatio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = ground;
  context.fillRect(0, 0, view.canvas.width, view.canvas.height);
  if (!video()) return;
  const shown = pick();
  if (shown === null) return;
  set({ shown });
  canvas.dataset.frame = shown;
  drawPicture(source.at(shown));
  if (comparing()) drawAfter(shown);
  else drawMarks(shown);
}

function drawPicture(bitmap) {
  context.imageSmoothingEnabled = view.scale * devicePixelRatio < 3;
  context.imageSmoothingQuality = state.playing || state.scrubbing ? "low" : "high";
  const { width, height } = view.picture;
  context.drawImage(bitmap, view.x, view.y, width * view.scale, height * view.scale);
}

function dim(strength = 0.75) {
  context.fillStyle = `rgb(14 15 17 / ${strength})`;
  context.fillRect(0, 0, view.canvas.width, view.canvas.height);
}

/** The result on the right of the dividing line. */
function drawAfter(shown) {
  const at = state.split * view.canvas.width;
  const bitmap = isRemoved(shown) ? removal.at(shown) : null;
  context.save();
  context.beginPath();
  context.rect(at, 0, view.canvas.width, view.canvas.height);
  context.clip();
  if (bitmap) drawPicture(bitmap);
  else if (isRemoved(shown)) dim(); // it has not come yet, and the source is not the result
  if (tracing() && isRemoved(shown)) drawOrigins(shown);
  context.restore();
  canvas.dataset.after = bitmap ? shown : "";
}

/** Where the pixels are from, over a darker picture. */
function drawOrigins(shown) {
  const bitmap = origins.at(shown);
  canvas.dataset.origins = bitmap ? shown : "";
  if (!bitmap) return;
  dim(0.5);
  context.globalAlpha = 0.85;
  drawPicture(bitmap);
  context.globalAlpha = 1;
}

function drawMarks(shown) {
  const time = performance.now();
  if (state.overlay) drawMasks(shown);
  for (const prompt of masks.promptsOf(shown)) drawPrompt(prompt, null);
  for (const prompt of state.pending) {
    if (prompt.frame === shown) drawPrompt(prompt, calm.matches ? 0.4 : (time % 900) / 900);
  }
  if (marks.band) drawBox(context, view, marks.band, "#ffffff");
  if (marks.cross && document.activeElement === canvas) drawCross(context, view, marks.cross);
  const brushing = state.tool === "brush" || state.tool === "erase";
  if (brushing && marks.hover)
    drawRing(context, view, marks.hover, state.settings.brush / 2, marks.erase || state.tool === "erase");
  if (state.pending.length && !calm.matches) redraw();
}

function drawMasks(shown) {
  const { opacity, labels } = state.settings;
  const layer = painted();
  const all = [...masks.masksOf(shown)].filter(([id]) => isShown(id) && objectOf(id) !== null);
  const here = all.sort(([a], [b]) => (a === state.active) - (b === state.active));
  for (const [id, { rle }] of here) {
    if (layer && layer.object === id && layer.frame === shown) continue;
    drawMask(context, view, rle, colourOf(id), { opacity, active: id === state.active });
  }
  if (layer && layer.frame === shown) drawLayer(layer, Math.max(opacity, 0.35));
  for (const proposal of state.session.proposals) {
    if (proposal.frame === shown)
      drawMask(context, view, proposal.rle, colourOf(proposal.object_id), { opacity: 0.2, active: true, dashed: true });
  }
  if (labels && objects().length > 1) {
    for (const [id, { rle }] of here) drawLabel(context, view, rle, colourOf(id), nameOf(id));
  }
}

function drawLayer(layer, opacity) {
  context.globalAlpha = opacity;
  const { width, height } = view.picture;
  context.drawImage(layer.canvas, view.x, view.y, width * view.scale, height * view.scale);
  context.globalAlpha = 1;
}

function drawPrompt(prompt, waiting) {
  if (!isShown(prompt.object_id)) return;
  const colour = colourOf(prompt.object_id);
  if (prompt.kind === "click") drawClick(context, view, prompt, colour, waiting);
  if (prompt.kind === "box") drawBox(context, view, prompt.xyxy, colour);
}

// The same in words ---------------------------------------------------------------------------------------------------

function describe() {
  if (!video()) return setText($("#viewer-text"), "No video is open.");
  const { width, height } = video();
  const here = [...masks.masksOf(state.shown)].filter(([id]) => objectOf(id));
  const names = here.map(([id]) => nameOf(id)).join(", ") || "no object";
  const time = timecode(state.times[state.shown] ?? 0);
  setText(
    $("#viewer-text"),
    `Frame ${state.shown + 1} of ${frameCount()} at ${time}, ${width} by ${height} pixels, with ${names}. ` +
      `Prompts are for ${nameOf(state.active)}. Arrow keys move the cross, ` +
      "Enter says that the object is there, Shift+Enter that it is not.",
  );
}
