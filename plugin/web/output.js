// The export dialog: every format of the catalogue, and where the file goes.

import * as actions from "./actions.js";
import { h } from "./dom.js";
import { dialog, field, menu, whichFrames, whichObjects } from "./dialogs.js";
import { form } from "./params.js";
import { state, video } from "./store.js";

const entries = (kind) => state.catalogue.entries.filter((entry) => entry.kind === kind);

export function showExport() {
  const formats = entries("export");
  const list = h("div", { class: "formats", role: "radiogroup", "aria-label": "Format" });
  const settings = h("div");
  const whom = whichObjects();
  const frames = whichFrames();
  const place = placeFields();
  let picked;
  const pick = (entry) => {
    const parameters = form(entry.parameters);
    picked = { entry, parameters };
    settings.replaceChildren(h("p", {}, entry.summary), ...parameters.rows);
    if (whom.row) whom.row.hidden = entry.takes === "removal";
    place.suggest(entry);
  };
  list.append(...formats.map((entry) => choice(entry, pick)));
  const usable = [...list.querySelectorAll("input")].filter((input) => !input.disabled);
  const entryOf = (input) => formats.find((entry) => entry.name === input.value);
  const first = usable.find((input) => entryOf(input).takes === "removal") ?? usable[0];
  if (first) first.checked = true;
  if (first) pick(entryOf(first));
  const run = () =>
    actions.exportFile({
      format: picked.entry.name,
      path: place.path(),
      objects: whom.chosen(),
      ...frames.chosen(),
      parameters: picked.parameters.values(),
    });
  const content = h("div", { class: "columns" }, list, h("div", {}, settings, whom.row, frames.row, place.rows));
  const element = dialog("Export", content, { wide: true, main: { title: "Export", run } });
  (first ?? element.querySelector("button")).focus();
}

function choice(entry, pick) {
  const missing =
    entry.takes === "removal" && !state.session.removal ? "remove or edit something first" : entry.ready ? "" : entry.problem;
  const input = h("input", { type: "radio", name: "format", value: entry.name, disabled: Boolean(missing) });
  input.addEventListener("change", () => pick(entry));
  const about = missing || { masklets: "masks", removal: "result" }[entry.takes] || "";
  return h(
    "label",
    { class: missing ? "format off" : "format" },
    input,
    h("span", {}, entry.title, h("small", { class: "faint" }, [about, entry.suffix].filter(Boolean).join(" · "))),
  );
}

/** Where it goes: the browser's downloads, or a path on the worker's machine. */
function placeFields() {
  const where = menu(
    [
      ["download", "This browser's downloads"],
      ["path", "A file or folder on this machine"],
    ],
    "download",
  );
  const path = h("input", { type: "text", spellcheck: "false", "aria-label": "Path" });
  const pathRow = h("div", { class: "field", hidden: true }, h("div", { class: "control" }, path));
  where.addEventListener("change", () => (pathRow.hidden = where.value !== "path"));
  return {
    rows: [field("To", where), pathRow],
    path: () => (where.value === "path" ? path.value.trim() : null),
    suggest: (entry) => (path.value = `${video().path.replace(/\.\w+$/, "")}-${entry.name}${entry.suffix}`),
  };
}
