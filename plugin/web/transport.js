// The row over the timeline: play, range, fix next, zoom; and the clock with the frame's number, which can be typed.

import * as actions from "./actions.js";
import { $, h, setText } from "./dom.js";
import { rate, timecode } from "./format.js";
import { icon } from "./icons.js";
import { zoomSight } from "./sight.js";
import { frameCount, state, video, watch } from "./store.js";
import { button } from "./toolbar.js";

export function startTransport(run) {
  const make = (does, name, title) => button(does, name, title, run);
  const play = make("play", "play", "Play");
  const facts = h("span", { class: "facts faint" });
  const row = h(
    "div",
    { class: "transport" },
    group(
      "Play",
      make("first", "first", "First frame"),
      make("back", "back", "One frame back"),
      play,
      make("forth", "forth", "One frame on"),
      make("last", "last", "Last frame"),
    ),
    facts,
    h("div", { id: "hint" }),
    h("span", { class: "faint" }, "Range"),
    group("Range", ...rangeButtons(run)),
    button("fix", "flag", "Fix next: to the most doubtful frame", run, "Fix next"),
    group("Timeline zoom", zoom("minus", "Show more of the timeline", 2), zoom("plus", "Show less of it", 0.5)),
  );
  $("#timeline").prepend(row);
  watch(["playing"], () => {
    play.replaceChildren(icon(state.playing ? "pause" : "play"));
    play.setAttribute("aria-label", state.playing ? "Pause" : "Play");
  });
  watch(["session"], () => {
    setText(facts, video() ? `${video().width} × ${video().height} · ${rate(video().rate)} fps` : "");
  });
}

const group = (name, ...inside) => h("div", { class: "group", role: "group", "aria-label": name }, ...inside);

function rangeButtons(run) {
  const make = (does, words, title) =>
    h("button", { class: "button", title, "aria-label": title, data: { does }, onclick: () => run(does) }, words);
  return [
    make("in", "In", "Range begins here"),
    make("out", "Out", "Range ends here"),
    make("whole", "All", "Range is the whole video"),
  ];
}

function zoom(name, title, factor) {
  const run = () => zoomSight(factor, state.frame);
  return h("button", { class: "button square", title, "aria-label": title, onclick: run }, icon(name));
}

/** The time and the number of the frame, to be put beside the filmstrip. */
export function clock() {
  const time = h("output", { class: "time", "aria-label": "Time" });
  const number = h("input", { class: "frame", type: "text", inputmode: "numeric", "aria-label": "Frame" });
  const count = h("span", { class: "faint" });
  const place = h("div", { class: "place" }, time, h("div", { class: "row" }, number, count));
  const show = () => {
    place.hidden = !video();
    setText(time, timecode(state.times[state.frame] ?? 0));
    setText(count, `of ${frameCount()}`);
    if (document.activeElement !== number) number.value = String(state.frame + 1);
  };
  number.addEventListener("change", () => {
    const frame = parseInt(number.value, 10);
    if (Number.isFinite(frame)) actions.go(frame - 1);
    $("#viewer").focus();
    show();
  });
  watch(["frame", "times", "session"], show);
  return place;
}
