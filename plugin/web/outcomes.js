// What a forecast and a receipt say, in words, with links to the frames that they name.

import { go } from "./actions.js";
import { dialog } from "./dialogs.js";
import { h } from "./dom.js";
import { duration } from "./format.js";
import { icon } from "./icons.js";

const percent = (share) => `${Math.round(share * 100)} %`;

/** Two sentences on what a removal will be like. */
export function forecastWords(told) {
  return (
    `At most about ${percent(told.seen)} of what is hidden is seen on other frames and can be copied, ` +
    `at least ${percent(1 - told.seen)} has to be made up. Removing from ${told.frames} frames takes about ` +
    `${duration(Math.max(1, told.seconds))} and ${told.memory.toFixed(1)} GB of memory.`
  );
}

/** The frames on which least is seen, each a button that goes there; `then()` is called before. */
export function worstFrames(told, then = () => {}) {
  const link = ({ frame, seen }) =>
    h(
      "button",
      {
        type: "button",
        class: "tag",
        "aria-label": `Frame ${frame + 1}, ${percent(seen)} seen elsewhere`,
        onclick: () => (then(), go(frame)),
      },
      `${frame + 1} · ${percent(seen)}`,
    );
  return h("div", { class: "tags worst" }, h("span", { class: "faint" }, "Least on frame"), told.worst.map(link));
}

/** Every check of an exported file, one a line. */
export function showReceipt({ title, outcome }) {
  const line = ({ check, passed, found }) =>
    h(
      "li",
      { class: passed ? "finding" : "finding wrong" },
      icon(passed ? "check" : "close"),
      h("span", {}, h("b", {}, check), h("span", { class: "unseen" }, passed ? " passed: " : " differs: ")),
      h("span", { class: "faint" }, found),
    );
  const says = outcome.passed
    ? "The file was opened again and compared with the source: all is as it should be."
    : "The file was opened again and compared with the source. Some things differ.";
  dialog(`Receipt: ${title}`, [h("p", {}, says), h("ul", { class: "findings" }, outcome.findings.map(line))], {
    wide: true,
  });
}
