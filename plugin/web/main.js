// Starts the page: parts into their places, actions to their keys, and the session that was open before a reload.

import * as actions from "./actions.js";
import { refusal, startAnnotating } from "./annotate.js";
import { Trouble, call, readFragment } from "./api.js";
import { startCompare } from "./compare.js";
import { $, h, toast } from "./dom.js";
import { holdSpace, startGestures } from "./gestures.js";
import { showHelp } from "./help.js";
import { startHints } from "./hints.js";
import { startJobs } from "./jobs.js";
import { listenToKeys } from "./keys.js";
import { startObjects } from "./objects.js";
import { acceptDrops, askForToken, showOpening } from "./opening.js";
import { showEdit } from "./edit.js";
import { showExport } from "./output.js";
import { startProvenance, toggleProvenance } from "./provenance.js";
import { startPlayer, togglePlay } from "./player.js";
import { attach, findAgain, rememberPlace } from "./session.js";
import { showSettings } from "./settings.js";
import { change, frameCount, objects, set, state, watch } from "./store.js";
import { startTimeline } from "./timeline.js";
import { resizeBrush, startToolbar } from "./toolbar.js";
import { TOOLS, useTool } from "./tools.js";
import { fit, startViewer, zoom } from "./viewer.js";

/** What every key and button does; those marked in NEEDS wait for a session, or for objects. */
const ACTIONS = {
  play: togglePlay,
  back: () => actions.step(-1),
  forth: () => actions.step(1),
  first: () => actions.step(-frameCount()),
  last: () => actions.step(frameCount()),
  promptBefore: () => actions.goPrompted(-1),
  promptAfter: () => actions.goPrompted(1),
  fix: actions.fixNext,
  in: () => actions.mark("in"),
  out: () => actions.mark("out"),
  whole: () => set({ range: null }),
  ...Object.fromEntries(TOOLS.map((tool) => [tool.name, () => useTool(tool.name)])),
  smaller: () => resizeBrush(0.8),
  larger: () => resizeBrush(1.25),
  choose: (event) => chooseByNumber(Number(event.key)),
  add: actions.addObject,
  hide: () => actions.toggleHidden(state.active),
  solo: () => actions.toggleSolo(state.active),
  delete: () => actions.deleteObject(state.active),
  track: () => actions.track("both"),
  trackForward: () => actions.track("forward"),
  trackBackward: () => actions.track("backward"),
  remove: () => showEdit("remove"),
  replace: () => showEdit("replace"),
  effect: () => showEdit("effect"),
  compare: () => (state.session.removal ? set({ compare: !state.compare }) : toast("Nothing was edited yet")),
  provenance: toggleProvenance,
  export: showExport,
  undo: actions.undo,
  redo: actions.redo,
  open: showOpening,
  stop: stop,
  zoomIn: () => zoom(1.25),
  zoomOut: () => zoom(0.8),
  fit,
  overlay: () => set({ overlay: !state.overlay }),
  settings: showSettings,
  theme: switchTheme,
  help: showHelp,
};

const ALWAYS = new Set(["open", "settings", "theme", "help", "stop"]);
const OBJECTS = new Set(["track", "trackForward", "trackBackward", "remove", "replace", "effect", "export"]);

function run(does, event) {
  if (!ALWAYS.has(does) && !state.session) return;
  if (OBJECTS.has(does) && !objects().length) return toast("Click on an object first");
  if (refusal(does)) return toast(refusal(does));
  ACTIONS[does]?.(event);
}

function chooseByNumber(number) {
  const object = objects()[number - 1];
  if (object) actions.choose(object.object_id);
}

/** Escape: the nearest thing that can be ended. */
function stop() {
  if (state.offer) set({ offer: null });
  else if (state.playing) set({ playing: false });
  else if (!actions.stopTracking() && state.compare) set({ compare: false });
}

function switchTheme() {
  change("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
}

function startTheme() {
  const light = matchMedia("(prefers-color-scheme: light)");
  const show = () => {
    const { theme } = state.settings;
    document.documentElement.dataset.theme = theme === "system" ? (light.matches ? "light" : "dark") : theme;
    set({ settings: { ...state.settings } });
  };
  light.addEventListener("change", show);
  let known = "";
  watch(["settings"], () => known !== state.settings.theme && ((known = state.settings.theme), show()));
}

/** Space plays when it is let go, unless the picture was moved with it. */
function startSpace() {
  let down = false;
  document.addEventListener("keyup", (event) => {
    if (event.key !== " " || !down) return;
    down = false;
    if (!holdSpace(false)) togglePlay();
  });
  addEventListener("blur", () => ((down = false), holdSpace(false)));
  return () => {
    down = true;
    holdSpace(true);
  };
}

function startBanner() {
  watch(["connection"], () => {
    const banner = $("#banner");
    banner.hidden = state.connection !== "lost";
    banner.textContent = banner.hidden ? "" : "Connection lost. Your work is safe in its project; trying again …";
    if (state.connection === "refused") askForToken(connect);
  });
}

/** Asks for what the page needs to begin. False: the token is not valid. */
async function connect() {
  try {
    const [health, catalogue] = await Promise.all([call("GET", "/health"), call("GET", "catalogue")]);
    set({ health, catalogue, connection: "on" });
    if (await startAnnotating()) return true;
    const session = await findAgain(fragment.session);
    if (session) await attach(session);
    else showOpening();
    return true;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (error.status === 401) set({ connection: "refused" });
    else if (error.status === 0) waitForWorker();
    else {
      toast(error.message, { problem: true });
      showOpening();
    }
    return error.status !== 401;
  }
}

function waitForWorker() {
  set({ connection: "lost" });
  setTimeout(connect, 2000);
}

const fragment = readFragment();

startTheme();
startViewer();
const space = startSpace();
startToolbar(run);
startTimeline(run);
startObjects($("#side").appendChild(h("section", { "aria-label": "Objects" })));
startJobs($("#side").appendChild(h("section", { class: "lower", "aria-label": "Jobs" })));
startCompare();
startProvenance(run);
startHints();
startPlayer();
startGestures();
startBanner();
acceptDrops();
listenToKeys((does, event) => (does === "play" ? space() : run(does, event)));
addEventListener("pagehide", rememberPlace);
connect();
