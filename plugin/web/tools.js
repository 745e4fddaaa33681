// What a press, a move and a release mean with each tool. A tool knows nothing of fingers and keys.

import { say } from "./actions.js";
import * as brush from "./brush.js";
import { announce } from "./dom.js";
import { set, state, video } from "./store.js";
import { marks, redraw, view } from "./viewer.js";

/** `signed`: a long press means "not this". `key` is the action in keys.js that chooses the tool. */
export const TOOLS = [
  { name: "click", title: "Click", icon: "click", signed: true, move: band, release: clickOrBox, abandon: noBand },
  { name: "box", title: "Box", icon: "box", move: band, release: boxOnly, abandon: noBand },
  {
    name: "brush",
    title: "Brush",
    icon: "brush",
    press: paint,
    move: painting,
    release: painted,
    abandon: brush.clear,
  },
  {
    name: "erase",
    title: "Eraser",
    icon: "erase",
    press: paint,
    move: painting,
    release: painted,
    abandon: brush.clear,
  },
  { name: "words", title: "Words", icon: "words", signed: true, release: clickOrBox },
  { name: "pan", title: "Hand", icon: "hand" },
];

export const toolOf = (name) => TOOLS.find((tool) => tool.name === name);

export function useTool(name) {
  set({ tool: name });
  announce(`${toolOf(name).title} tool`);
}

function band(gesture) {
  if (!gesture.moved) return;
  marks.band = boxOf(gesture);
  redraw();
}

function noBand() {
  marks.band = null;
}

function clickOrBox(gesture) {
  if (gesture.moved) return boxOnly(gesture);
  const pixel = view.pixel(gesture.start.x, gesture.start.y);
  if (pixel) say({ kind: "click", ...pixel, positive: !gesture.negative });
  return undefined;
}

function boxOnly(gesture) {
  noBand();
  const [x0, y0, x1, y1] = boxOf(gesture);
  if (gesture.moved && x1 - x0 > 1 && y1 - y0 > 1) say({ kind: "box", xyxy: [x0, y0, x1, y1] });
}

/** The pixels that a drag covers, as a box inside the picture: x1, y1 exclusive. */
function boxOf({ start, at }) {
  const { width, height } = video();
  const from = view.toSource(Math.min(start.x, at.x), Math.min(start.y, at.y));
  const to = view.toSource(Math.max(start.x, at.x), Math.max(start.y, at.y));
  const inside = (value, most) => Math.max(0, Math.min(most, value));
  return [
    inside(Math.floor(from.x), width),
    inside(Math.floor(from.y), height),
    inside(Math.ceil(to.x), width),
    inside(Math.ceil(to.y), height),
  ];
}

function paint(gesture) {
  set({ playing: false, frame: state.shown, offer: null });
  gesture.erase = state.tool === "erase" || gesture.negative;
  brush.begin(view.toSource(gesture.at.x, gesture.at.y), gesture.erase);
}

function painting(gesture) {
  if (brush.painted()) brush.stroke(view.toSource(gesture.at.x, gesture.at.y));
}

async function painted() {
  if (!brush.painted()) return;
  const layer = brush.painted();
  await say({ kind: "mask", rle: brush.finish() });
  if (brush.painted() === layer) brush.clear();
  redraw();
}
