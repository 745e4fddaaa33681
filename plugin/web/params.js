// A form from the catalogue's parameters. Nothing here knows what any of them mean.

import { upload } from "./api.js";
import { attempt, h } from "./dom.js";

let made = 0;

/** {rows, values()} for wire.Parameter[]: rows are elements, values() is {name: value}; `known` values come first. */
export function form(parameters, known = {}) {
  const fields = parameters.map((one) => field(one.name in known ? { ...one, default: known[one.name] } : one));
  return {
    rows: fields.map((one) => one.row),
    values: () => Object.fromEntries(fields.map((one) => [one.name, one.value()])),
  };
}

function field(parameter) {
  const id = `parameter-${++made}`;
  const { input, value, beside } = (parameter.file ? file : MAKERS[parameter.type])(parameter, id);
  const title = parameter.name.replaceAll("_", " ");
  const row = h(
    "div",
    { class: "field" },
    h("label", { for: id }, title[0].toUpperCase() + title.slice(1)),
    h("div", { class: "control" }, input, beside, parameter.unit && h("span", { class: "faint" }, parameter.unit)),
    h("p", { class: "faint", id: `${id}-says` }, parameter.summary),
  );
  input.setAttribute("aria-describedby", `${id}-says`);
  return { name: parameter.name, row, value };
}

const MAKERS = {
  int: (parameter, id) => number(parameter, id, 1),
  float: (parameter, id) => number(parameter, id, "any"),
  bool(parameter, id) {
    const input = h("input", { type: "checkbox", id, checked: parameter.default });
    return { input, value: () => input.checked };
  },
  choice(parameter, id) {
    const input = h(
      "select",
      { id },
      parameter.choices.map((choice) => h("option", { value: choice }, choice)),
    );
    input.value = parameter.default;
    return { input, value: () => input.value };
  },
  text(parameter, id) {
    const input = h("input", { type: "text", id, value: parameter.default });
    return { input, value: () => input.value };
  },
};

/** A slider where both ends are known and near, else a field. */
function number({ low, high, default: value }, id, step) {
  const bounded = low !== null && high !== null && high - low <= 1000;
  const size = bounded && step === "any" ? (high - low) / 100 : step;
  const input = h("input", { type: bounded ? "range" : "number", id, min: low, max: high, step: size });
  input.value = value;
  const shown = bounded ? h("output", { for: id }, String(value)) : null;
  if (shown) input.addEventListener("input", () => (shown.textContent = input.value));
  return { input, beside: shown, value: () => Number(input.value) };
}

const SENT = "upload:";
const names = new Map(); // of what was sent, by its id

/** A path on the worker's machine, or a file of this one, which is sent when it is chosen. */
function file({ default: value }, id) {
  const input = h("input", { type: "text", id, value: names.get(value) ?? value, spellcheck: "false" });
  const bar = h("progress", { max: 1, hidden: true, "aria-label": "Sending the file" });
  const chooser = h("input", { type: "file", class: "unseen", id: `${id}-file`, accept: "image/*,video/*" });
  let sent = names.has(value) ? value : "";
  input.addEventListener("input", () => (sent = ""));
  chooser.addEventListener("change", async () => {
    const [chosen] = chooser.files;
    if (!chosen) return;
    bar.hidden = false;
    const told = await attempt(() => upload(chosen, (share) => (bar.value = share)));
    bar.hidden = true;
    if (!told) return;
    sent = `${SENT}${told.id}`;
    names.set(sent, told.name);
    input.value = told.name;
  });
  const label = h("label", { class: "button", for: chooser.id }, "Choose a file", chooser);
  return { input, beside: [label, bar], value: () => sent || input.value.trim() };
}
