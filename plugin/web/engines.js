// The engines that there are: what each is for, its licence, and fetching what is not here, with progress.

import { call } from "./api.js";
import { attempt, h, setText, toast } from "./dom.js";
import { dialog } from "./dialogs.js";
import { megabytes } from "./format.js";
import { set, state } from "./store.js";

export const KINDS = {
  tracker: "Follow objects",
  segmenter: "Find what you click on",
  text: "Find what you describe",
  inpainter: "Fill what was removed",
};

export function showEngines() {
  const content = Object.entries(KINDS).map(([kind, title]) => {
    const rows = state.catalogue.entries.filter((entry) => entry.kind === kind);
    return rows.length && h("section", {}, h("h3", {}, title), h("ul", { class: "engines" }, rows.map(engine)));
  });
  dialog("Engines", content, { wide: true });
}

function engine(entry) {
  const fetchable = !entry.ready && entry.download > 0;
  const says = h("span", { class: "faint", role: "status" }, entry.ready || fetchable ? "" : entry.problem);
  const bar = h("progress", { max: 1, hidden: true, "aria-label": `Download of ${entry.name}` });
  const get = h(
    "button",
    { type: "button", class: "button", "aria-label": `Fetch ${entry.name}, ${megabytes(entry.download)}` },
    `Fetch ${megabytes(entry.download)}`,
  );
  get.addEventListener("click", () => fetchEngine(entry, { get, bar, says }));
  return h(
    "li",
    {},
    h(
      "div",
      {},
      h("b", {}, entry.name),
      h("span", { class: entry.ready ? "badge ready" : "badge" }, entry.ready ? "ready" : "not here"),
      h("span", { class: "faint" }, entry.licence),
    ),
    h("p", {}, entry.summary),
    h("div", { class: "row" }, fetchable && get, bar, says),
  );
}

/** Fetching belongs to no session, so its job is asked for now and then. */
async function fetchEngine(entry, { get, bar, says }) {
  get.disabled = true;
  bar.hidden = false;
  await attempt(async () => {
    let job = await call("POST", `engines/${entry.name}/fetch`);
    while (["queued", "running", "paused"].includes(job.status) && bar.isConnected) {
      if (job.total) bar.value = job.done / job.total;
      setText(says, job.total ? `${megabytes(job.done)} of ${megabytes(job.total)}` : "Waiting …");
      await new Promise((resolve) => setTimeout(resolve, 500));
      job = await call("GET", `jobs/${job.id}`);
    }
    if (job.status === "failed") throw new Error(job.problem?.message ?? `${entry.name} could not be fetched`);
    if (job.status !== "done") return;
    setText(says, job.result);
    toast(`${entry.name} is ready`);
    set({ catalogue: await call("GET", "catalogue") });
  });
  bar.hidden = true;
  get.disabled = false;
}
