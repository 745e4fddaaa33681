// The list of objects, and the cards of what was seen again after a cut.

import * as actions from "./actions.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { keyOf } from "./keys.js";
import { colourOf, nameOf, objectOf, objects, set, state, watch } from "./store.js";

let renaming = null; // the object whose name is being typed

export function startObjects(panel) {
  const list = h("ul", { class: "objects" });
  const cards = h("div", { class: "cards" });
  const empty = h(
    "p",
    { class: "empty faint" },
    "Nothing chosen yet. Click on something in the picture: it becomes object 1.",
  );
  const add = h(
    "button",
    { class: "button", title: `New object (${keyOf("add")})`, onclick: actions.addObject },
    icon("plus"),
    h("span", {}, "New object"),
  );
  panel.append(h("div", { class: "panel-head" }, h("h2", {}, "Objects"), add), empty, list, cards);
  watch(["session", "active", "hidden", "solo", "frame", "playing", "scrubbing"], () => {
    if (renaming === null && !state.playing && !state.scrubbing) show(list);
    empty.hidden = !state.session || list.children.length > 0;
  });
  watch(["session"], () => cards.replaceChildren(...(state.session?.proposals ?? []).map(proposalCard)));
}

let drawn = "";

function show(list) {
  const key = JSON.stringify([
    objects(),
    state.active,
    [...state.hidden],
    state.solo,
    objectOf(state.active) ? state.frame : 0,
  ]);
  if (key === drawn) return;
  drawn = key;
  const focused = document.activeElement?.dataset?.focus;
  const rows = objects().map(row);
  if (!objectOf(state.active) && rows.length) rows.push(newRow());
  list.replaceChildren(...rows);
  if (focused) list.querySelector(`[data-focus="${focused}"]`)?.focus();
}

function row(object) {
  const id = object.object_id;
  const active = id === state.active;
  const item = h(
    "li",
    { class: active ? "object active" : "object", data: { object: id } },
    h(
      "div",
      { class: "object-row" },
      swatch(object),
      h(
        "button",
        {
          class: "object-name",
          "aria-pressed": String(active),
          data: { focus: `name${id}` },
          title: `Choose (${id}); double click to rename`,
          onclick: () => actions.choose(id),
          ondblclick: () => rename(item, object),
        },
        h("span", { class: "text" }, nameOf(id)),
        object.stale && h("span", { class: "stale", title: "Changed since it was tracked" }, "to track"),
      ),
      tool(
        id,
        "hide",
        state.hidden.has(id) ? "hidden" : "eye",
        `${state.hidden.has(id) ? "Show" : "Hide"} ${nameOf(id)}`,
        () => actions.toggleHidden(id),
        state.hidden.has(id),
      ),
      tool(id, "solo", "solo", `Show ${nameOf(id)} alone`, () => actions.toggleSolo(id), state.solo === id),
    ),
    active && details(object, () => rename(item, object)),
  );
  return item;
}

function tool(id, what, name, title, run, pressed = null) {
  const said = pressed === null ? {} : { "aria-pressed": String(pressed) };
  return h(
    "button",
    { class: "mini", "aria-label": title, title, data: { focus: `${what}${id}` }, onclick: run, ...said },
    icon(name),
  );
}

function swatch(object) {
  const input = h("input", {
    type: "color",
    value: object.colour,
    "aria-label": `Colour of ${nameOf(object.object_id)}`,
    title: "Colour",
  });
  input.addEventListener("change", () => actions.changeObject(object.object_id, { colour: input.value }));
  return h("label", { class: "swatch" }, input, h("span", { "aria-hidden": "true" }, String(object.object_id)));
}

/** The chosen object: where something was said about it, what to look at, and what can be done with it. */
function details(object, startRename) {
  const id = object.object_id;
  const said = object.prompted.map((frame) =>
    h(
      "button",
      {
        class: "tag",
        data: { focus: `p${id}-${frame}` },
        "aria-current": frame === state.frame ? "true" : null,
        "aria-label": `Prompted frame ${frame + 1}`,
        onclick: () => actions.go(frame),
      },
      String(frame + 1),
    ),
  );
  return h(
    "div",
    { class: "details" },
    h("div", { class: "tags" }, h("span", { class: "faint" }, "Prompts on"), said),
    object.fix_next !== null &&
      h(
        "button",
        { class: "fix", data: { focus: `fix${id}` }, title: `Fix next (${keyOf("fix")})`, onclick: actions.fixNext },
        icon("flag"),
        h("span", {}, `Frame ${object.fix_next + 1}: ${object.fix_why}`),
      ),
    h(
      "div",
      { class: "row" },
      verb(id, "rename", "Rename", "Rename", startRename),
      state.frame > 0 &&
        verb(id, "end", "End here", `It is gone from frame ${state.frame + 1} on`, () =>
          actions.endObject(id, state.frame),
        ),
      verb(id, "delete", "Delete", `Delete ${nameOf(id)} (${keyOf("delete")})`, () => actions.deleteObject(id)),
    ),
  );
}

const verb = (id, what, words, title, run) =>
  h("button", { class: "plain", title, data: { focus: `${what}${id}` }, onclick: run }, words);

/** The object that the next prompt begins. */
function newRow() {
  const id = state.active;
  return h(
    "li",
    { class: "object active" },
    h(
      "div",
      { class: "object-row" },
      h("span", { class: "swatch empty" }, String(id)),
      h("span", { class: "object-name" }, `Object ${id}`),
      h("span", { class: "faint" }, "click on it"),
    ),
  );
}

function rename(item, object) {
  renaming = object.object_id;
  const input = h("input", {
    type: "text",
    class: "rename",
    value: nameOf(object.object_id),
    "aria-label": "Name of the object",
    maxlength: 60,
  });
  let over = false;
  const end = (keep) => {
    if (over) return;
    over = true;
    renaming = null;
    drawn = "";
    if (keep && input.value.trim() && input.value !== nameOf(object.object_id))
      actions.changeObject(object.object_id, { name: input.value.trim() });
    set({ hidden: new Set(state.hidden) });
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") end(event.key === "Enter");
  });
  input.addEventListener("blur", () => end(true));
  item.querySelector(".object-name").replaceWith(input);
  input.select();
}

function proposalCard(proposal) {
  const colour = h("span", { class: "dot" });
  colour.style.background = colourOf(proposal.object_id);
  return h(
    "section",
    { class: "card", "aria-label": "Seen again" },
    h("p", {}, colour, h("b", {}, nameOf(proposal.object_id)), ` may be here, on frame ${proposal.frame + 1}`),
    h(
      "div",
      { class: "row" },
      h("button", { class: "button", onclick: () => actions.go(proposal.frame) }, "Show"),
      h("button", { class: "button strong", onclick: () => actions.accept(proposal) }, "Yes"),
      h("button", { class: "button", onclick: () => actions.reject(proposal) }, "No"),
    ),
  );
}
