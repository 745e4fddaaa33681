// Fingers, mouse and keyboard over the picture, turned into what the tools understand: press, move, release with a
// point and a sign. Zoom and pan are done here, whatever the tool.

import { nextCandidate, say } from "./actions.js";
import { $ } from "./dom.js";
import { set, state, video } from "./store.js";
import { toolOf } from "./tools.js";
import { marks, pan, redraw, view, zoom } from "./viewer.js";

const LONG = 480; // milliseconds of a press that means "not this"
const STILL = 6; // CSS pixels that a click may move

const fingers = new Map(); // pointer id -> {x, y}
let gesture = null; // {tool, start, at, moved, negative} or {panning}
let timer = 0;
let held = false; // the space bar
let panned = false; // while it was held

export function startGestures() {
  const canvas = $("#viewer");
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", cancel);
  canvas.addEventListener("pointerleave", () => ((marks.hover = null), redraw()));
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", wheel, { passive: false });
  canvas.addEventListener("keydown", keys);
  canvas.addEventListener("blur", redraw);
}

/** The space bar pans while it is held; returns whether it did when it is let go. */
export function holdSpace(down) {
  held = down;
  $("#viewer").classList.toggle("grabbing", down);
  const did = panned;
  if (!down) panned = false;
  return did;
}

const place = (event) => {
  const box = $("#viewer").getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
};

function down(event) {
  const at = place(event);
  if (!video()) return;
  event.currentTarget.setPointerCapture(event.pointerId);
  marks.cross = null;
  if (event.pointerType === "touch") fingers.set(event.pointerId, at);
  if (fingers.size === 2) return pinch();
  if (fingers.size > 2 || gesture) return;
  if (event.button === 1 || held || state.tool === "pan") {
    gesture = { panning: true, at };
    panned = held;
    return event.preventDefault();
  }
  gesture = { tool: toolOf(state.tool), start: at, at, moved: false, negative: event.altKey || event.button === 2 };
  gesture.tool.press?.(gesture);
  if (event.pointerType === "touch" && gesture.tool.signed) timer = setTimeout(long, LONG);
}

/** A finger that rests: the object is not here. */
function long() {
  if (!gesture?.tool || gesture.moved) return;
  gesture.negative = true;
  navigator.vibrate?.(20);
  gesture.tool.release?.(gesture);
  gesture = null;
}

/** The second finger ends what the first one began. */
function pinch() {
  clearTimeout(timer);
  gesture?.tool?.abandon?.(gesture);
  gesture = { pinching: true };
}

function move(event) {
  const at = place(event);
  marks.hover = event.pointerType === "touch" ? null : at;
  marks.erase = event.altKey;
  if (fingers.has(event.pointerId)) {
    if (gesture?.pinching && fingers.size === 2) spread(event.pointerId, at);
    fingers.set(event.pointerId, at);
  }
  if (gesture?.panning) {
    pan(at.x - gesture.at.x, at.y - gesture.at.y);
    gesture.at = at;
  } else if (gesture?.tool) {
    drag(event, at);
  }
  if (gesture || state.tool === "brush" || state.tool === "erase") redraw();
}

function drag(event, at) {
  if (Math.hypot(at.x - gesture.start.x, at.y - gesture.start.y) > STILL) {
    gesture.moved = true;
    clearTimeout(timer);
  }
  for (const one of event.getCoalescedEvents?.() ?? []) {
    gesture.at = place(one);
    gesture.tool.move?.(gesture);
  }
  gesture.at = at;
  gesture.tool.move?.(gesture);
}

/** Two fingers: what was between them stays between them. */
function spread(id, at) {
  const [other] = [...fingers].filter(([one]) => one !== id).map(([, point]) => point);
  const before = fingers.get(id);
  const factor =
    Math.hypot(at.x - other.x, at.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
  zoom(factor, (at.x + other.x) / 2, (at.y + other.y) / 2);
  pan((at.x - before.x) / 2, (at.y - before.y) / 2);
}

function up(event) {
  clearTimeout(timer);
  fingers.delete(event.pointerId);
  if (gesture?.tool) {
    gesture.at = place(event);
    gesture.tool.release?.(gesture);
  }
  if (!fingers.size) gesture = null;
  redraw();
}

function cancel(event) {
  clearTimeout(timer);
  fingers.delete(event.pointerId);
  gesture?.tool?.abandon?.(gesture);
  gesture = null;
  redraw();
}

/** Zooms at the pointer; with Shift it pans. A trackpad's pinch comes as a wheel with Ctrl. */
function wheel(event) {
  event.preventDefault();
  const at = place(event);
  if (event.shiftKey) return pan(-event.deltaY - event.deltaX, 0);
  const lines = event.deltaMode === 1 ? 16 : 1;
  return zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), at.x, at.y);
}

// The keyboard --------------------------------------------------------------------------------------------------------

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function keys(event) {
  if (!video() || event.ctrlKey || event.metaKey) return;
  if (event.key === "Tab" && !event.shiftKey && state.offer) nextCandidate();
  else if (event.key in ARROWS)
    moveCross(ARROWS[event.key], event.shiftKey ? 1 : Math.max(4, Math.round(video().width / 80)));
  else if (event.key === "Enter" && marks.cross)
    say({ kind: "click", ...marks.cross, positive: !(event.shiftKey || event.altKey) });
  else if (event.key === "Enter" && state.offer) set({ offer: null });
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function moveCross([dx, dy], by) {
  const { width, height } = video();
  const from = marks.cross ?? { x: Math.floor(width / 2) - dx * by, y: Math.floor(height / 2) - dy * by };
  marks.cross = {
    x: Math.max(0, Math.min(width - 1, from.x + dx * by)),
    y: Math.max(0, Math.min(height - 1, from.y + dy * by)),
  };
  const at = view.toCanvas(marks.cross.x, marks.cross.y);
  if (at.x < 0 || at.y < 0 || at.x > view.canvas.width || at.y > view.canvas.height) {
    pan(view.canvas.width / 2 - at.x, view.canvas.height / 2 - at.y);
  }
  redraw();
}
