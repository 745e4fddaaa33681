// One line beside the play buttons that says what to do next, until the user has had enough of it.

import { $, h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { keyOf } from "./keys.js";
import { change, objects, running, state, watch } from "./store.js";

export function startHints() {
  const text = h("span", { class: "text" });
  const line = $("#hint");
  line.append(
    text,
    h(
      "button",
      { class: "mini", "aria-label": "No more hints", title: "No more hints", onclick: () => change("hints", false) },
      icon("close"),
    ),
  );
  watch(["session", "jobs", "settings", "compare", "offer", "tool", "active"], () => {
    const says = state.settings.hints && state.session && !state.offer ? next() : "";
    line.classList.toggle("silent", !says);
    setText(text, says);
    text.title = says;
  });
}

function next() {
  const all = objects();
  const touch = matchMedia("(pointer: coarse)").matches;
  if (state.compare) return `Drag the line to compare · ${keyOf("export")} exports the result`;
  if (running("track")) return `Masks appear as they are found · ${keyOf("stop")} stops, what was found is kept`;
  if (!all.length)
    return touch
      ? "Tap what you want to cut out · long press: not this"
      : "Click what you want to cut out · Alt+click: not this · drag: a box";
  if (all.some((object) => object.stale))
    return `Click again to improve the mask · ${keyOf("track")} tracks it · ${keyOf("add")} begins another`;
  if (all.some((object) => object.fix_next !== null))
    return `${keyOf("fix")} goes to the most doubtful frame · ${keyOf("remove")} removes · ${keyOf("export")} exports`;
  return `${keyOf("remove")} removes the object · ${keyOf("export")} exports masks or the result`;
}
