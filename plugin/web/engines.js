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

const fetching = new Map(); // engine -> the job that fetches it, which a dialog that is opened anew shows again

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
  if (fetching.has(entry.name)) fetchEngine(entry, { get, bar, says });
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

/** Fetches an engine, or shows how far one is that is being fetched. Two dialogs may show it; one tells of its end. */
async function fetchEngine({ name }, { get, bar, says }) {
  get.disabled = true;
  bar.hidden = false;
  await attempt(async () => {
    const begun = fetching.get(name) ?? (await call("POST", `engines/${name}/fetch`));
    fetching.set(name, begun);
    let told = true;
    let job = null;
    try {
      job = await over(begun, bar, says);
    } finally {
      told = !fetching.delete(name);
    }
    if (job.status === "failed") throw new Error(job.problem?.message ?? `${name} could not be fetched`);
    if (job.status !== "done") return;
    setText(says, job.result);
    if (told) return;
    toast(`${name} is ready`);
    set({ catalogue: await call("GET", "catalogue") });
  });
  bar.hidden = true;
  get.disabled = false;
}

/** The job once it is over. It belongs to no session, so it is asked for now and then, also when the dialog is closed. */
async function over(begun, bar, says) {
  let job = begun;
  while (["queued", "running", "paused"].includes(job.status)) {
    if (job.total) bar.value = job.done / job.total;
    setText(says, job.total ? `${megabytes(job.done)} of ${megabytes(job.total)}` : "Waiting …");
    await new Promise((resolve) => setTimeout(resolve, 500));
    job = await call("GET", `jobs/${job.id}`);
  }
  return job;
}
