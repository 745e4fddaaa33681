// The help: every key, the other ways to say what one means, and how to read the lanes.

import { h } from "./dom.js";
import { dialog } from "./dialogs.js";
import { KEYS, readable } from "./keys.js";

const WAYS = [
  "Mouse: click on the object; Alt or the right button says “not this”; drag for a box; the wheel zooms.",
  "Keyboard: arrows move the cross over the picture, Enter says yes, Shift+Enter no.",
  "Touch: tap says yes, a long press no; two fingers zoom and move.",
];

export function showHelp() {
  const groups = [...new Set(KEYS.map((row) => row.group))];
  const rows = (group) =>
    KEYS.filter((row) => row.group === group).map((row) =>
      h("div", {}, h("dt", {}, h("kbd", {}, readable(row.keys[0]))), h("dd", {}, row.title)),
    );
  const lanes = [
    ["prompted", "you said what it is here"],
    ["tracked", "followed"],
    ["low", "followed, but unsure"],
    ["absent", "not in the picture"],
  ];
  dialog(
    "Keys and help",
    [
      h(
        "div",
        { class: "keys" },
        groups.map((group) => h("section", {}, h("h3", {}, group), h("dl", {}, rows(group)))),
      ),
      h("h3", {}, "On the picture"),
      h(
        "ul",
        { class: "ways" },
        WAYS.map((way) => h("li", {}, way)),
      ),
      h("h3", {}, "In the lanes"),
      h(
        "ul",
        { class: "legend" },
        lanes.map(([name, title]) => h("li", {}, h("span", { class: `sample ${name}` }), title)),
      ),
    ],
    { wide: true },
  );
}
