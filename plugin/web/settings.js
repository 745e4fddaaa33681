// Settings: engines, theme, and how the user likes to see things.

import * as actions from "./actions.js";
import { call } from "./api.js";
import { attempt, h } from "./dom.js";
import { dialog, field, menu } from "./dialogs.js";
import { KINDS, showEngines } from "./engines.js";
import { showHelp } from "./help.js";
import { change, state } from "./store.js";

export function showSettings() {
  const { settings, session, health } = state;
  const tick = (name, title) => {
    const input = h("input", { type: "checkbox", checked: settings[name] });
    input.addEventListener("change", () => change(name, input.checked));
    return h("div", {}, h("label", { class: "tick" }, input, title));
  };
  const slider = (name, min, max, step) => {
    const input = h("input", { type: "range", min, max, step, value: settings[name] });
    input.addEventListener("input", () => change(name, Number(input.value)));
    return input;
  };
  const theme = menu(
    [
      ["system", "Like the system"],
      ["dark", "Dark"],
      ["light", "Light"],
    ],
    settings.theme,
  );
  theme.addEventListener("change", () => change("theme", theme.value));
  dialog("Settings", [
    session && h("div", { class: "pair" }, engineMenu("tracker", "engine"), engineMenu("segmenter", "segmenter")),
    h("p", { class: "faint" }, `Device: ${health?.device ?? "unknown"} · tam-studio ${health?.version ?? ""}`),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", class: "button", onclick: showEngines }, "Engines and downloads"),
      h("button", { type: "button", class: "button", onclick: showHelp }, "All keys"),
    ),
    h("div", { class: "pair" }, field("Theme", theme), field("Strength of masks", slider("opacity", 0, 0.9, 0.05))),
    field("Memory for pictures in this tab (64 to 1024 MB)", slider("cache", 64, 1024, 64)),
    memoryBudget(),
    h(
      "div",
      {},
      tick("labels", "Names over masks"),
      tick("hints", "Hints beside the play buttons"),
      tick("shortcuts", "Keys without Ctrl (turn off if you dictate, or press keys by accident)"),
    ),
  ]);
}

/** The worker's own, for all tabs and hosts. */
function memoryBudget() {
  const input = h("input", { type: "number", min: 0.5, step: 0.5, placeholder: "no limit", disabled: true });
  input.addEventListener("change", () => {
    const memory = input.value ? Number(input.value) : null;
    attempt(() => call("PUT", "limits", { memory }));
  });
  attempt(() => call("GET", "limits")).then((limits) => {
    if (!limits) return;
    input.value = limits.memory ?? "";
    input.disabled = false;
  });
  return field("Memory for the worker (GB)", input, "Beyond it, engines that nobody uses are let go.");
}

function engineMenu(kind, name) {
  const rows = state.catalogue.entries.filter((entry) => entry.kind === kind);
  const select = menu(
    [
      ["auto", `auto (${state.catalogue.defaults[kind] ?? ""})`],
      ...rows.map((entry) => [entry.name, entry.ready ? entry.name : `${entry.name} (not ready)`, !entry.ready]),
    ],
    state.session[name],
  );
  if (!select.value) select.value = "auto";
  select.addEventListener("change", () => actions.useEngines({ [name]: select.value }));
  return field(KINDS[kind], select);
}
