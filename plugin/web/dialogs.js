// What all dialogs have in common: a title, a way to close, Enter for the main button.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { frameCount, nameOf, objects, colourOf, state } from "./store.js";

let made = 0;

/** Shows a dialog. `main`: {title, run} of its main button, which closes it unless run() resolves to false. */
export function dialog(title, content, { main = null, wide = false, closable = true } = {}) {
  const id = `dialog-${++made}`;
  const close = () => element.close();
  const form = h(
    "form",
    {},
    h(
      "header",
      {},
      h("h2", { id, tabindex: -1 }, title),
      closable && h("button", { type: "button", class: "mini", "aria-label": "Close", onclick: close }, icon("close")),
    ),
    h("div", { class: "content" }, content),
    main &&
      h(
        "footer",
        {},
        h("button", { type: "button", class: "button", onclick: close }, "Cancel"),
        h("button", { class: "button strong", data: { main: "" } }, main.title),
      ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (main && (await main.run()) !== false) close();
  });
  const element = h("dialog", { class: wide ? "wide" : "", "aria-labelledby": id }, form);
  element.addEventListener("close", () => {
    document.body.append(...element.querySelectorAll("#toasts"));
    element.remove();
  });
  element.addEventListener("cancel", (event) => !closable && event.preventDefault());
  element.addEventListener(
    "pointerdown",
    (event) => closable && event.target === element && outside(event, element) && close(),
  );
  const inside = element.querySelector(".content");
  if (!inside.querySelector("input, select, button")) inside.tabIndex = 0; // so that keys can scroll it
  document.body.append(element);
  element.showModal();
  if (document.activeElement?.closest("header")) element.querySelector("h2").focus();
  return element;
}

function outside({ clientX: x, clientY: y }, element) {
  const box = element.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

export function field(title, control, summary = "") {
  const id = (control.id ||= `control-${++made}`);
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, title),
    h("div", { class: "control" }, control),
    summary && h("p", { class: "faint" }, summary),
  );
}

export function menu(choices, value) {
  const select = h(
    "select",
    {},
    choices.map(([name, title, off]) => h("option", { value: name, disabled: off }, title)),
  );
  select.value = value;
  return select;
}

/** A box to tick for each object; chosen() is null for all of them. Without a row if there is no choice. */
export function whichObjects() {
  const ticks = objects().map((object) => {
    const dot = h("span", { class: "dot" });
    dot.style.background = colourOf(object.object_id);
    const input = h("input", { type: "checkbox", checked: true, value: object.object_id });
    return h("label", { class: "tick" }, input, dot, nameOf(object.object_id));
  });
  const row = h("fieldset", {}, h("legend", {}, "Objects"), h("div", { class: "ticks" }, ticks));
  const chosen = () => {
    const inputs = ticks.map((tick) => tick.firstChild);
    if (row.hidden || inputs.every((input) => input.checked)) return null;
    return inputs.filter((input) => input.checked).map((input) => Number(input.value));
  };
  return { row: ticks.length > 1 ? row : null, chosen };
}

/** A box to tick for the range, if there is one; chosen() is {start, stop}. */
export function whichFrames() {
  const { range } = state;
  if (!range) return { row: null, chosen: () => ({ start: 0, stop: null }) };
  const input = h("input", { type: "checkbox", checked: true });
  const tick = h("label", { class: "tick" }, input, `Only ${range.start + 1} to ${range.stop} of ${frameCount()}`);
  const row = h("fieldset", {}, h("legend", {}, "Frames"), tick);
  return { row, chosen: () => (input.checked ? range : { start: 0, stop: null }) };
}
