// Work that takes time: a card for each job, with its progress, what can be done about it, and what came of it.

import { steerJob } from "./actions.js";
import { download } from "./api.js";
import { attempt, h, setText } from "./dom.js";
import { duration } from "./format.js";
import { icon } from "./icons.js";
import { showReceipt, worstFrames } from "./outcomes.js";
import { set, state, watch } from "./store.js";

const dismissed = new Set();
const seen = new Set(); // jobs that were live while this page was there
const fading = new Set(); // those that have just ended
const LIVE = ["queued", "running", "paused"];
const BRIEF = 8000; // milliseconds that a result stays which left no file

export function startJobs(panel) {
  const list = h("div", { class: "jobs", role: "region", "aria-label": "Jobs" });
  const head = h("div", { class: "panel-head" }, h("h2", {}, "Jobs"));
  panel.append(head, list);
  watch(["jobs"], () => {
    const shown = [...state.jobs.values()].filter(worth).slice(-6).reverse();
    head.hidden = !shown.length;
    const here = new Map([...list.children].map((card) => [card.dataset.id, card]));
    const cards = shown.map((job) => card(here.get(job.id), job));
    const same = cards.length === list.children.length && cards.every((one, index) => list.children[index] === one);
    if (!same) list.replaceChildren(...cards);
  });
}

/** Looking for cuts goes unsaid. A job that is over stays where it left a file, or failed; else it is shown briefly. */
function worth(job) {
  if (dismissed.has(job.id) || (job.kind === "scan" && job.status !== "failed")) return false;
  if (LIVE.includes(job.status)) seen.add(job.id);
  if (LIVE.includes(job.status) || job.download || job.status === "failed") return true;
  if (job.outcome) return seen.has(job.id);
  if (!seen.delete(job.id)) return fading.has(job.id);
  fading.add(job.id);
  setTimeout(() => dismiss(job.id), BRIEF);
  return true;
}

/** Progress goes into the card that is there; its buttons change only with its status. */
function card(element, job) {
  const same = element?.dataset.status === job.status;
  const shown = same ? element : build(job);
  const bar = shown.querySelector("progress");
  if (bar && job.total) bar.value = job.done / job.total;
  setText(shown.querySelector(".job-state"), words(job));
  return shown;
}

function build(job) {
  const buttons = [];
  const button = (verb, title) =>
    buttons.push(h("button", { class: "plain", onclick: () => steerJob(job.id, verb) }, title));
  if (job.status === "running") button("pause", "Pause");
  if (job.status === "paused") button("resume", "Resume");
  if (LIVE.includes(job.status)) button("cancel", job.kind === "track" ? "Stop" : "Cancel");
  if (job.download)
    buttons.unshift(
      h(
        "button",
        { class: "button strong", onclick: () => attempt(() => download(job.download)) },
        icon("download"),
        h("span", {}, "Download"),
      ),
    );
  if (job.outcome?.kind === "receipt")
    buttons.unshift(h("button", { class: "plain", onclick: () => showReceipt(job) }, "Receipt"));
  const live = LIVE.includes(job.status);
  return h(
    "section",
    {
      class: `card job ${job.status}`,
      data: { id: job.id, status: job.status, kind: job.kind },
      "aria-label": job.title,
    },
    h(
      "div",
      { class: "job-head" },
      h("p", { class: "title" }, job.title),
      !live &&
        h(
          "button",
          { class: "mini", "aria-label": `Dismiss ${job.title}`, onclick: () => dismiss(job.id) },
          icon("close"),
        ),
    ),
    live && h("progress", { max: 1, "aria-label": `Progress of ${job.title}` }),
    h("p", { class: "job-state faint" }),
    job.outcome?.kind === "forecast" && worstFrames(job.outcome),
    buttons.length > 0 && h("div", { class: "row" }, buttons),
  );
}

function words(job) {
  if (job.status === "failed") return job.problem?.message ?? "It failed";
  if (job.status === "cancelled") return job.result || "Stopped; what was found is kept";
  if (job.status === "done") return job.result || "Done";
  const many = job.total ? `${job.done} of ${job.total}` : `${job.done}`;
  if (job.status === "queued") return "Waiting for its turn";
  if (job.status === "paused") return `Paused at ${many}`;
  const left = job.eta === null ? "" : ` · ${duration(job.eta)} left`;
  return `${many}${job.rate ? ` · ${job.rate.toFixed(1)} a second` : ""}${left}`;
}

function dismiss(id) {
  dismissed.add(id);
  set({ jobs: new Map(state.jobs) });
}
