// How a lane, the ruler and the range look. Every state of a frame has its own shape, so that none depends on colour:
// tracked is a full bar, low confidence a hatched half bar, absent a thin line, prompted a diamond on the bar.

import { timecode } from "./format.js";

/** `at`: {sight, width, height, found, cuts, range}; `found` is Map(frame -> state), newer than the object's lane. */
export function drawLane(context, object, at) {
  const { width, height } = at;
  const middle = height / 2;
  for (const span of object.lane) drawSpan(context, object.colour, at, span);
  for (const [frame, state] of at.found) drawSpan(context, object.colour, at, { start: frame, stop: frame + 1, state });
  drawCuts(context, at);
  for (const frame of object.prompted) diamond(context, placeOf(frame + 0.5, at), middle, object.colour);
  if (object.fix_next !== null) flag(context, placeOf(object.fix_next + 0.5, at), height);
  shadeOutside(context, at, width, height);
}

const placeOf = (frame, { sight, width }) => ((frame - sight.start) / (sight.stop - sight.start)) * width;

function drawSpan(context, colour, at, { start, stop, state }) {
  const x = Math.round(placeOf(start, at));
  const wide = Math.max(1, Math.round(placeOf(stop, at)) - x);
  if (x > at.width || x + wide < 0) return;
  const middle = at.height / 2;
  context.clearRect(x, 0, wide, at.height);
  if (state === "absent") {
    context.fillStyle = mix(colour, 0.75);
    context.fillRect(x, middle - 0.75, wide, 1.5);
  } else if (state === "low") {
    context.fillStyle = mix(colour, 0.22);
    context.fillRect(x, middle - 1, wide, 7);
    context.fillStyle = hatch(context, colour);
    context.fillRect(x, middle - 1, wide, 7);
  } else {
    context.fillStyle = mix(colour, 0.82);
    context.fillRect(x, middle - 6, wide, 12);
  }
}

const hatches = new Map();

function hatch(context, colour) {
  if (!hatches.has(colour)) {
    const tile = new OffscreenCanvas(6, 6);
    const pen = tile.getContext("2d");
    pen.strokeStyle = colour;
    pen.lineWidth = 1.8;
    pen.beginPath();
    for (const shift of [-6, 0, 6]) {
      pen.moveTo(shift, 6);
      pen.lineTo(shift + 6, 0);
    }
    pen.stroke();
    hatches.set(colour, context.createPattern(tile, "repeat"));
  }
  return hatches.get(colour);
}

const mix = (colour, alpha) =>
  `${colour}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0")}`;

function diamond(context, x, y, colour) {
  context.beginPath();
  for (const [dx, dy] of [
    [0, -6.5],
    [5.5, 0],
    [0, 6.5],
    [-5.5, 0],
  ])
    context.lineTo(x + dx, y + dy);
  context.closePath();
  context.fillStyle = "#ffffff";
  context.strokeStyle = "#101114";
  context.lineWidth = 1.4;
  context.fill();
  context.stroke();
  context.beginPath();
  context.arc(x, y, 1.9, 0, 7);
  context.fillStyle = colour;
  context.fill();
}

function flag(context, x, height) {
  context.fillStyle = "#ffb020";
  context.strokeStyle = "#101114";
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x - 0.8, height - 1);
  context.lineTo(x - 0.8, 1);
  context.lineTo(x + 8, 4.5);
  context.lineTo(x + 0.8, 8);
  context.lineTo(x + 0.8, height - 1);
  context.closePath();
  context.fill();
  context.stroke();
}

function drawCuts(context, at) {
  context.strokeStyle = "rgb(128 134 145 / 0.9)";
  context.lineWidth = 1;
  context.setLineDash([3, 2]);
  for (const cut of at.cuts) {
    const x = Math.round(placeOf(cut, at)) + 0.5;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, at.height);
    context.stroke();
  }
  context.setLineDash([]);
}

function shadeOutside(context, at, width, height) {
  if (!at.range) return;
  const from = placeOf(at.range.start, at);
  const to = placeOf(at.range.stop, at);
  context.fillStyle = "rgb(10 11 13 / 0.55)";
  context.fillRect(0, 0, Math.max(0, from), height);
  context.fillRect(to, 0, Math.max(0, width - to), height);
}

/** Times, cuts and the range over the filmstrip. `at`: {sight, width, height, times, cuts, range}. */
export function drawRuler(context, at) {
  const { sight, width, height, times } = at;
  const style = getComputedStyle(context.canvas);
  context.font = "10px system-ui, sans-serif";
  context.textBaseline = "top";
  const every = step((sight.stop - sight.start) / (width / 92));
  for (let frame = Math.ceil(sight.start / every) * every; frame < sight.stop; frame += every) {
    const x = placeOf(frame, at);
    context.fillStyle = style.getPropertyValue("--line");
    context.fillRect(x, 0, 1, height);
    context.fillStyle = style.getPropertyValue("--faint");
    if (x + 60 < width) context.fillText(timecode(times[frame] ?? 0).replace(/^0/, ""), x + 4, 3);
  }
  for (const cut of at.cuts) {
    const x = placeOf(cut, at);
    context.fillStyle = style.getPropertyValue("--text");
    context.beginPath();
    context.moveTo(x - 4, height);
    context.lineTo(x, height - 7);
    context.lineTo(x + 4, height);
    context.fill();
  }
  if (at.range) drawRange(context, at, style.getPropertyValue("--accent"));
}

function drawRange(context, at, colour) {
  const from = placeOf(at.range.start, at);
  const to = placeOf(at.range.stop, at);
  context.fillStyle = colour;
  context.fillRect(from, at.height - 3, to - from, 3);
  context.fillRect(from, 2, 2, at.height - 2);
  context.fillRect(to - 2, 2, 2, at.height - 2);
}

/** A round number of frames, at least `least`. */
function step(least) {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return Math.max(
    1,
    [1, 2, 5, 10].map((one) => one * size).find((one) => one >= least),
  );
}

/** The lane in words. */
export function laneText(object, count) {
  const frames = { prompted: 0, tracked: 0, low: 0, absent: 0 };
  for (const { start, stop, state } of object.lane) frames[state] += stop - start;
  const name = object.name || `Object ${object.object_id}`;
  const fix = object.fix_next === null ? "" : `; fix frame ${object.fix_next + 1} next: ${object.fix_why}`;
  const unknown = count - frames.prompted - frames.tracked - frames.low - frames.absent;
  const seen = `${frames.prompted} prompted, ${frames.tracked} tracked, ${frames.low} of low confidence`;
  return `${name}: ${seen}, ${frames.absent} absent, ${unknown} not tracked${fix}`;
}
