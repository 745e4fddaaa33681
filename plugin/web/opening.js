// Opening: a path, a dropped or chosen file, or a recent project. Also what is shown when the page has no valid token.

import * as actions from "./actions.js";
import { call, upload } from "./api.js";
import { $, attempt, h } from "./dom.js";
import { dialog, field } from "./dialogs.js";
import { when } from "./format.js";
import { icon } from "./icons.js";
import { state } from "./store.js";

let shown = null;

export async function showOpening() {
  if (shown?.isConnected) return;
  const path = h("input", {
    type: "text",
    id: "open-path",
    placeholder: "/videos/clip.mp4",
    autocomplete: "off",
    spellcheck: "false",
    autofocus: true,
  });
  const progress = h("progress", { max: 1, hidden: true, "aria-label": "Sending the file" });
  const list = h("ul", { class: "recent" });
  const content = [
    h(
      "div",
      { class: "field" },
      h("label", { for: "open-path" }, "A video, image folder or .tam project on this machine"),
      h("div", { class: "control" }, path, h("button", { class: "button strong" }, "Open")),
    ),
    dropZone(progress),
    progress,
    h("section", { "aria-label": "Recent projects" }, h("h3", {}, "Recent"), list),
  ];
  shown = dialog(state.session ? "Open" : "Open a video to begin", content, { closable: Boolean(state.session) });
  shown.classList.add("opening");
  shown.querySelector("form").addEventListener("submit", () => path.value.trim() && start(request(path.value.trim())));
  list.append(...(await recent()));
}

const request = (path) => (/\.tam\/?$/.test(path) ? { project: path } : { path });

async function start(asked) {
  shown?.setAttribute("aria-busy", "true");
  await attempt(async () => {
    try {
      await actions.open(asked);
    } catch (error) {
      if (error.type !== "SourceMovedError") throw error;
      return askForSource(asked, error.message);
    }
    shown?.close();
    return $("#viewer").focus();
  });
  shown?.removeAttribute("aria-busy");
}

/** The project's video is not where it was. */
function askForSource(asked, says) {
  const input = h("input", { type: "text", autocomplete: "off", spellcheck: "false", autofocus: true });
  const run = () => {
    if (input.value.trim()) start({ ...asked, source: input.value.trim() });
  };
  dialog("Where is the video now?", [h("p", {}, says), field("Path", input)], { main: { title: "Open", run } });
}

function dropZone(progress) {
  const input = h("input", { type: "file", class: "unseen", id: "open-file", accept: "video/*,image/*" });
  input.addEventListener("change", () => input.files[0] && send(input.files[0], progress));
  return h(
    "label",
    { class: "drop", for: "open-file" },
    icon("open"),
    h("span", {}, "Drop a video here, or ", h("u", {}, "choose a file")),
    input,
  );
}

async function send(file, progress = h("progress")) {
  progress.hidden = false;
  const sent = await attempt(() => upload(file, (share) => (progress.value = share)));
  progress.hidden = true;
  if (sent) await start({ upload: sent.id });
}

/** A file dropped anywhere on the page is opened. */
export function acceptDrops() {
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => !event.relatedTarget && document.body.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const [file] = event.dataTransfer.files;
    const bar = shown?.querySelector("progress") ?? undefined;
    if (file) send(file, bar);
  });
}

async function recent() {
  const entries = (await attempt(() => call("GET", "sessions"))) ?? [];
  if (!entries.length)
    return [h("li", { class: "faint" }, "Nothing yet: what you open is kept here, with all its work.")];
  return entries
    .slice(0, 12)
    .map((entry) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", onclick: () => start({ project: entry.project }) },
          h("b", {}, entry.name),
          h("span", { class: "faint path" }, entry.project),
          h("span", { class: "faint" }, when(entry.changed)),
        ),
      ),
    );
}

/** The page came without a valid token: it is asked for, so that nobody has to start anew. */
export function askForToken(retry, says = "") {
  if (shown?.isConnected) shown.close();
  const input = h("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "http://127.0.0.1:…/#token=…",
    "aria-label": "Address or token",
  });
  const content = [
    h("p", {}, "The worker answers only those who know its token. Your work is safe in its project."),
    h("p", {}, "Open the address that tam serve printed, or paste it here."),
    h(
      "div",
      { class: "field" },
      h("div", { class: "control" }, input, h("button", { class: "button strong" }, "Connect")),
    ),
    says && h("p", { role: "alert" }, says),
  ];
  shown = dialog("Connect to the worker", content, { closable: false });
  shown.querySelector("form").addEventListener("submit", async () => {
    sessionStorage.setItem("tam-token", /token=([^&\s]+)/.exec(input.value)?.[1] ?? input.value.trim());
    shown.close();
    if (!(await retry())) askForToken(retry, "That is not the token of the worker that runs now.");
  });
}
