// Where the pixels of a removal are from: a button beside the comparison, and what the colours mean.

import { call } from "./api.js";
import { $, attempt, h, toast } from "./dom.js";
import { icon } from "./icons.js";
import { keyOf } from "./keys.js";
import { comparing, tracing } from "./pictures.js";
import { set, state, watch } from "./store.js";

let legendOf = ""; // the removal that the legend tells of

export function startProvenance(run) {
  const button = h(
    "button",
    {
      class: "plain",
      title: `Where the pixels are from (${keyOf("provenance")})`,
      data: { does: "provenance" },
      onclick: () => run("provenance"),
    },
    icon("trace"),
    h("span", {}, "Where from"),
  );
  const legend = h("div", { class: "hues" });
  const float = h("div", { class: "float origins", role: "group", "aria-label": "Provenance" }, button, legend);
  $("#stage").append(float);
  watch(["compare", "provenance", "session"], () => {
    float.hidden = !(comparing() && state.session.removal.provenance);
    button.setAttribute("aria-pressed", String(Boolean(state.provenance)));
    legend.hidden = !tracing();
    if (tracing() && legendOf !== state.session.removal.id) show(legend);
  });
}

export function toggleProvenance() {
  if (!state.session.removal?.provenance) return toast("Only of a removal it is known where its pixels are from");
  return set(state.compare ? { provenance: !state.provenance } : { compare: true, provenance: true });
}

async function show(legend) {
  legendOf = state.session.removal.id;
  legend.replaceChildren();
  const told = await attempt(() => call("GET", `sessions/${state.session.id}/provenance`));
  if (!told) return;
  const swatch = ({ colour, title }) => {
    const sample = h("span", { class: "hue", role: "img", "aria-label": title, title });
    sample.style.background = colour;
    return sample;
  };
  const made = told.hues.at(-1);
  const copies = told.hues.slice(0, -1);
  legend.replaceChildren(
    h("b", {}, told.words),
    h("span", { class: "scale" }, h("span", { class: "faint" }, "near"), copies.map(swatch)),
    h("span", { class: "faint" }, "far away in time"),
    h("span", { class: "scale" }, swatch(made), made.title),
  );
}
