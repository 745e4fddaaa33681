// One table of keys: what the help shows, what the buttons' tooltips say, and what is listened to.

import { state } from "./store.js";

const mac = navigator.platform.startsWith("Mac");

/** `does` is a name in the table of actions (main.js). "Mod" is Ctrl, or Cmd on a Mac. */
export const KEYS = [
  { group: "Play", does: "play", keys: ["Space"], title: "Play or pause" },
  { group: "Play", does: "back", keys: [","], title: "One frame back" },
  { group: "Play", does: "forth", keys: ["."], title: "One frame on" },
  { group: "Play", does: "first", keys: ["Home"], title: "First frame" },
  { group: "Play", does: "last", keys: ["End"], title: "Last frame" },
  { group: "Play", does: "promptBefore", keys: ["PageUp"], title: "Prompted frame before" },
  { group: "Play", does: "promptAfter", keys: ["PageDown"], title: "Prompted frame after" },
  { group: "Play", does: "fix", keys: ["F"], title: "Fix next: to the most doubtful frame" },
  { group: "Play", does: "in", keys: ["I"], title: "Range begins here" },
  { group: "Play", does: "out", keys: ["O"], title: "Range ends here" },
  { group: "Play", does: "whole", keys: ["X"], title: "Range is the whole video" },
  { group: "Say what", does: "candidate", keys: ["Tab"], title: "Another answer to the last click", listens: false },
  { group: "Say what", does: "click", keys: ["A"], title: "Click tool: click +, Alt or right click −, drag a box" },
  { group: "Say what", does: "box", keys: ["B"], title: "Box tool" },
  { group: "Say what", does: "brush", keys: ["P"], title: "Brush (Alt erases)" },
  { group: "Say what", does: "erase", keys: ["Shift+P"], title: "Eraser" },
  { group: "Say what", does: "smaller", keys: ["["], title: "Smaller brush" },
  { group: "Say what", does: "larger", keys: ["]"], title: "Larger brush" },
  { group: "Say what", does: "words", keys: ["W"], title: "Describe in words" },
  { group: "Objects", does: "choose", keys: ["1 … 9"], title: "Choose an object", listens: false },
  { group: "Objects", does: "add", keys: ["N"], title: "New object" },
  { group: "Objects", does: "hide", keys: ["M"], title: "Hide or show the object's mask" },
  { group: "Objects", does: "solo", keys: ["S"], title: "Show this object alone" },
  { group: "Objects", does: "delete", keys: ["Delete"], title: "Delete the object" },
  { group: "Work", does: "track", keys: ["T"], title: "Track both ways" },
  { group: "Work", does: "trackForward", keys: ["Shift+T"], title: "Track forwards" },
  { group: "Work", does: "trackBackward", keys: ["Alt+T"], title: "Track backwards" },
  { group: "Work", does: "remove", keys: ["R"], title: "Remove objects" },
  { group: "Work", does: "replace", keys: ["Shift+R"], title: "Replace objects" },
  { group: "Work", does: "effect", keys: ["G"], title: "Effects" },
  { group: "Work", does: "compare", keys: ["C"], title: "Compare before and after" },
  { group: "Work", does: "export", keys: ["E"], title: "Export" },
  { group: "Work", does: "undo", keys: ["Mod+Z"], title: "Undo" },
  { group: "Work", does: "redo", keys: ["Mod+Shift+Z", "Mod+Y"], title: "Redo" },
  { group: "Work", does: "open", keys: ["Mod+O"], title: "Open" },
  { group: "Work", does: "stop", keys: ["Escape"], title: "Stop, or close" },
  { group: "View", does: "pan", keys: ["H"], title: "Hand (or hold Space and drag)" },
  { group: "View", does: "zoomIn", keys: ["+", "="], title: "Zoom in (or the wheel)" },
  { group: "View", does: "zoomOut", keys: ["-"], title: "Zoom out" },
  { group: "View", does: "fit", keys: ["0"], title: "Whole picture" },
  { group: "View", does: "overlay", keys: ["Q"], title: "Masks on or off" },
  { group: "View", does: "provenance", keys: ["V"], title: "Where the removal's pixels are from" },
  { group: "View", does: "settings", keys: ["Mod+,"], title: "Settings" },
  { group: "View", does: "help", keys: ["?"], title: "This help" },
];

/** The first key of an action, as a person reads it. */
export function keyOf(does) {
  const row = KEYS.find((one) => one.does === does);
  return row ? readable(row.keys[0]) : "";
}

export function readable(key) {
  return key.replace("Mod", mac ? "⌘" : "Ctrl").replace("Escape", "Esc");
}

/** Calls run(does, event) for the page's keys; not while one types, and not behind a dialog. */
export function listenToKeys(run) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]") || types(event.target)) return;
    const bare = !(event.ctrlKey || event.metaKey) && event.key !== "Escape";
    if (bare && !state.settings.shortcuts) return;
    if (bare && event.key === " " && event.target.closest("button, a, summary, select")) return;
    const does = /^[1-9]$/.test(event.key) && bare && !event.altKey ? "choose" : meant(event);
    if (!does) return;
    event.preventDefault();
    run(does, event);
  });
}

function types(target) {
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target.tagName === "INPUT" && !["range", "checkbox", "radio", "color", "button"].includes(target.type);
}

function meant(event) {
  const pressed = chord(event);
  return KEYS.find((row) => row.listens !== false && row.keys.some((key) => key.toLowerCase() === pressed))?.does;
}

/** "mod+shift+z". Shift is said only of letters and named keys: "?" is "?" on every keyboard. */
function chord(event) {
  const letter = event.altKey && event.code.startsWith("Key") ? event.code[3] : event.key;
  const key = (letter === " " ? "Space" : letter).toLowerCase();
  const named = /^[a-z]$/.test(key) || key.length > 1;
  const mod = mac ? event.metaKey : event.ctrlKey;
  return `${mod ? "mod+" : ""}${event.altKey ? "alt+" : ""}${event.shiftKey && named ? "shift+" : ""}${key}`;
}
