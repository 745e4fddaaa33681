// The bar on top with the tool's options, the tools beside the picture, and what floats over it: zoom, and answers to
// choose from.

import * as actions from "./actions.js";
import { $, h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { keyOf } from "./keys.js";
import { running, set, state, watch, change, objects, nameOf } from "./store.js";
import { TOOLS } from "./tools.js";

/** A button with an icon; its tooltip and name say the key. `run(name)` is told the action. */
export function button(does, name, title, run, words = "") {
  const key = keyOf(does);
  return h(
    "button",
    {
      class: words ? "button" : "button square",
      "aria-label": title,
      title: key ? `${title} (${key})` : title,
      data: { does },
      onclick: () => run(does),
    },
    icon(name),
    words && h("span", { class: "words" }, words),
  );
}

export function startToolbar(run) {
  const make = (does, name, title, words) => button(does, name, title, run, words);
  const device = h("button", {
    class: "chip",
    onclick: () => run("settings"),
    "aria-label": "Engine and device: open settings",
  });
  const options = h("div", { class: "options row", role: "group", "aria-label": "Tool options" });
  $("#bar").append(
    h(
      "div",
      { class: "brand" },
      h("img", { src: "static/icon.svg", alt: "", width: 20, height: 20 }),
      h("h1", { id: "title" }, "tam-studio"),
    ),
    make("open", "open", "Open a video or project", "Open"),
    h(
      "div",
      { class: "group", role: "group", "aria-label": "History" },
      make("undo", "undo", "Undo"),
      make("redo", "redo", "Redo"),
    ),
    h(
      "div",
      { class: "group main", role: "group", "aria-label": "Track" },
      make("trackBackward", "trackBackward", "Track backwards"),
      make("track", "track", "Track both ways", "Track"),
      make("trackForward", "trackForward", "Track forwards"),
    ),
    h(
      "div",
      { class: "group", role: "group", "aria-label": "Result" },
      make("remove", "remove", "Remove objects", "Remove"),
      make("replace", "replace", "Replace objects"),
      make("effect", "effect", "Effects"),
      make("compare", "compare", "Compare before and after", "Compare"),
      make("export", "export", "Export", "Export"),
    ),
    h("span", { class: "space" }, options),
    device,
    h(
      "div",
      { class: "group", role: "group", "aria-label": "Page" },
      make("settings", "settings", "Settings"),
      make("theme", "theme", "Dark or light"),
      make("help", "help", "Keys and help"),
    ),
  );
  startTools(make);
  startFloating(make);
  watch(["session", "jobs", "compare", "active"], () => enable());
  watch(["health", "session", "catalogue"], () => setText(device, deviceText()));
  watch(["tool", "active", "session"], () => showOptions(options));
}

/** What tracks, and on which device; "auto" as what it stands for now. */
function deviceText() {
  const said = state.session?.engine ?? "auto";
  const engine = said === "auto" ? state.catalogue?.defaults.tracker : said;
  const device = state.health?.device;
  return [engine, device === "auto" ? "" : device].filter(Boolean).join(" · ") || "Engine";
}

function enable() {
  const { session } = state;
  const tracking = running("track");
  const off = {
    undo: !session?.undo || tracking,
    redo: !session?.redo || tracking,
    track: !objects().length || tracking,
    trackForward: !objects().length || tracking,
    trackBackward: !objects().length || tracking,
    remove: !objects().length,
    replace: !objects().length,
    effect: !objects().length,
    compare: !session?.removal,
    export: !objects().length,
  };
  for (const [does, value] of Object.entries(off)) $(`#bar [data-does="${does}"]`).disabled = Boolean(value);
  for (const does of ["undo", "redo"]) {
    const element = $(`#bar [data-does="${does}"]`);
    const what = session?.[does] ? `: ${session[does]}` : "";
    element.title = `${does === "undo" ? "Undo" : "Redo"}${what} (${keyOf(does)})`;
    element.setAttribute("aria-label", `${does === "undo" ? "Undo" : "Redo"}${what}`);
  }
  $('#bar [data-does="compare"]').setAttribute("aria-pressed", String(state.compare));
  setText($("#title"), session?.video.name ?? "tam-studio");
}

/** One stop of the Tab key; arrows move among the tools. */
function startTools(make) {
  const strip = $("#tools");
  for (const tool of TOOLS) strip.append(make(tool.name === "pan" ? "pan" : tool.name, tool.icon, tool.title));
  strip.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    const all = [...strip.children].filter((one) => !one.hidden);
    all[(all.indexOf(document.activeElement) + by + all.length) % all.length].focus();
    event.preventDefault();
  });
  watch(["tool", "catalogue"], () => {
    for (const element of strip.children) {
      const here = element.dataset.does === state.tool;
      element.setAttribute("aria-pressed", String(here));
      element.tabIndex = here ? 0 : -1;
      if (element.dataset.does === "words") element.hidden = !textEngine();
    }
  });
}

/** The catalogue's engine that understands words, if there is one that is ready. */
const textEngine = () => state.catalogue?.entries.find((entry) => entry.kind === "text" && entry.ready);

function startFloating(make) {
  const zoom = h("output", { class: "zoom", "aria-label": "Zoom" });
  const offer = h("div", { class: "float offer", role: "group", "aria-label": "Answers to the last click" });
  $("#stage").append(
    offer,
    h(
      "div",
      { class: "float zooms", role: "group", "aria-label": "Zoom" },
      make("zoomIn", "plus", "Zoom in"),
      zoom,
      make("zoomOut", "minus", "Zoom out"),
      make("fit", "fit", "Whole picture"),
    ),
  );
  watch(["zoom"], () => setText(zoom, state.zoom ? `${Math.round(state.zoom * 100)}%` : ""));
  watch(["offer"], () => showOffer(offer));
}

function showOffer(element) {
  const { offer } = state;
  element.hidden = !offer;
  if (!offer) return;
  const count = offer.candidates.length;
  element.replaceChildren(
    h("span", {}, `Answer ${offer.candidate + 1} of ${count}`),
    h("button", { class: "plain", onclick: () => actions.nextCandidate() }, "Another ", h("kbd", {}, "Tab")),
    h("button", { class: "plain", onclick: () => set({ offer: null }) }, "Keep ", h("kbd", {}, "Enter")),
  );
}

let shownFor = "";

/** Rebuilt only when another tool or object is in use, so that nothing is lost while one types. */
function showOptions(element) {
  const key = `${state.tool} ${state.active} ${nameOf(state.active)}`;
  if (key === shownFor) return;
  shownFor = key;
  element.hidden = !["brush", "erase", "words"].includes(state.tool);
  element.replaceChildren(...(state.tool === "words" ? wordsOptions() : brushOptions()));
}

function brushOptions() {
  const shown = h("output", {}, `${state.settings.brush} px`);
  const input = h("input", {
    type: "range",
    min: 1,
    max: 200,
    value: state.settings.brush,
    "aria-label": "Brush size",
  });
  input.addEventListener("input", () => {
    change("brush", Number(input.value));
    setText(shown, `${input.value} px`);
  });
  return [h("span", { class: "faint" }, "Brush"), input, shown];
}

function wordsOptions() {
  const input = h("input", {
    type: "text",
    placeholder: "the red car",
    "aria-label": `Describe ${nameOf(state.active)} in words`,
  });
  const form = h("form", { class: "row" }, input, h("button", { class: "button strong" }, "Find"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) actions.say({ kind: "text", text: input.value.trim() });
  });
  return [form];
}

export function resizeBrush(factor) {
  change("brush", Math.max(1, Math.min(200, Math.round(state.settings.brush * factor + (factor > 1 ? 1 : -1)))));
  shownFor = "";
  showOptions($("#bar .options"));
}
