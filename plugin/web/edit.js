// The dialog that makes new pictures: which operation of the catalogue, on what, and how. Its forms are the catalogue's;
// of a removal it tells beforehand what it will be like.

import * as actions from "./actions.js";
import { dialog, field, menu, whichFrames, whichObjects } from "./dialogs.js";
import { h, setText } from "./dom.js";
import { forecastWords, worstFrames } from "./outcomes.js";
import { form } from "./params.js";
import { edits, state } from "./store.js";

const MOST = 7; // settings that are shown at once; of more, the first few
const FIRST = 4;

const kept = new Map(); // what was set last, by operation and by inpainter

export function showEdit(name) {
  const rows = edits();
  const which = menu(
    rows.map((one) => [one.name, one.ready ? one.title : `${one.title} (not ready)`, !one.ready]),
    name,
  );
  const whom = whichObjects();
  const frames = whichFrames();
  const body = h("div", { class: "settings" });
  let shown;
  const request = () => ({ objects: whom.chosen(), ...frames.chosen(), ...shown.chosen() });
  const run = () => actions.edit(shown.entry.name, request());
  const element = dialog("Edit", [field("What", which), whom.row, frames.row, body], { main: { title: "Edit", run } });
  const main = element.querySelector("[data-main]");
  const show = () => {
    shown = settingsOf(rows.find((one) => one.name === which.value));
    const forecast = shown.entry.name === "remove" ? forecasting(request, () => element.close()) : null;
    body.replaceChildren(...[h("p", { class: "faint" }, shown.entry.summary), ...shown.rows, forecast].filter(Boolean));
    setText(main, shown.entry.title);
  };
  which.addEventListener("change", show);
  show();
  (name === "remove" ? main : (body.querySelector("input, select") ?? main)).focus();
}

/** {entry, rows, chosen()} of an operation: its own settings, and what fills the hole, if anything does. */
function settingsOf(entry) {
  const own = form(entry.parameters, kept.get(entry.name));
  const filling = entry.fills ? filler() : null;
  const rows = arranged(own.rows, filling);
  const chosen = () => {
    kept.set(entry.name, own.values());
    const filled = filling?.chosen() ?? { inpainter: "auto", parameters: {} };
    return { inpainter: filled.inpainter, parameters: { ...filled.parameters, ...own.values() } };
  };
  return { entry, rows, chosen };
}

/** What fills holes, and its settings. */
function filler() {
  const fillers = state.catalogue.entries.filter((entry) => entry.kind === "inpainter");
  const usual = state.catalogue.defaults.inpainter ?? "auto";
  const choices = fillers.map((one) => [one.name, one.ready ? one.title : `${one.title} (not ready)`, !one.ready]);
  const which = menu([["auto", `Best that is ready (${usual})`], ...choices], kept.get("filler") ?? "auto");
  const own = h("div", { class: "settings" });
  let settings;
  const show = () => {
    const name = which.value === "auto" ? usual : which.value;
    settings = form(fillers.find((one) => one.name === name)?.parameters ?? [], kept.get(`filler ${name}`));
    own.replaceChildren(...settings.rows);
  };
  which.addEventListener("change", show);
  show();
  const chosen = () => {
    kept.set("filler", which.value);
    kept.set(`filler ${which.value === "auto" ? usual : which.value}`, settings.values());
    return { inpainter: which.value, parameters: settings.values() };
  };
  return { row: field("Fill with", which), own, chosen };
}

/** Of many rows most are behind a line that opens, with what fills the hole. */
function arranged(rows, filling) {
  if (rows.length <= MOST) return [filling?.row, ...rows, filling?.own].filter(Boolean);
  const rest = [...rows.slice(FIRST), filling?.row, filling?.own].filter(Boolean);
  const more = h("details", {}, h("summary", {}, "More settings"), h("div", { class: "settings" }, rest));
  return [...rows.slice(0, FIRST), more];
}

/** A button that asks what the removal will be like, and the answer. */
function forecasting(request, close) {
  const says = h("div", { class: "forecast", role: "status" });
  const button = h("button", { type: "button", class: "button" }, "Forecast");
  button.addEventListener("click", async () => {
    button.disabled = true;
    setText(says, "Looking at some frames …");
    const outcome = await outcomeOf(await actions.forecast(request()), says);
    if (outcome) says.replaceChildren(h("p", {}, forecastWords(outcome)), worstFrames(outcome, close));
    else setText(says, "");
    says.scrollIntoView({ block: "nearest" });
    button.disabled = false;
  });
  return h("div", { class: "field" }, h("div", { class: "control" }, button), says);
}

/** Waits for a job's end, as long as somebody looks; null if it has no outcome. */
async function outcomeOf(job, element) {
  while (job && ["queued", "running", "paused"].includes(job.status) && element.isConnected) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    job = state.jobs.get(job.id);
  }
  return job?.outcome ?? null;
}
