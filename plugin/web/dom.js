// Elements in one line, and the messages that the page shows or says aloud. Knows nothing of videos.

/** An element: properties that start with "on" are listeners, the others what they say, or attributes. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name in PROPERTIES) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

const PROPERTIES = { value: 1, checked: 1, disabled: 1, hidden: 1, indeterminate: 1, textContent: 1 };

export const $ = (selector) => document.querySelector(selector);

/** Sets text only where it differs, so that screen readers and layouts are left alone. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Says something to those who do not see the picture. */
export function announce(text) {
  $("#live").textContent = text;
}

/** A message that goes away by itself; `action` is an optional {title, run}. A problem stays longer and alerts. */
export function toast(text, { problem = false, action = null } = {}) {
  const close = () => note.remove();
  const note = h(
    "div",
    { class: problem ? "toast problem" : "toast", role: problem ? "alert" : "status" },
    h("p", {}, text),
    action && h("button", { class: "plain", onclick: () => (close(), action.run()) }, action.title),
    h("button", { class: "plain close", "aria-label": "Dismiss", onclick: close }, "×"),
  );
  const notes = $("#toasts");
  const front = [...document.querySelectorAll("dialog[open]")].pop() ?? document.body; // the rest of the page is inert
  if (notes.parentNode !== front) front.append(notes);
  for (const older of [...notes.children]) if (older.firstChild.textContent === text) older.remove();
  notes.append(note);
  while (notes.children.length > 3) notes.firstChild.remove();
  let timer = setTimeout(close, problem ? 12000 : 5000);
  note.addEventListener("pointerenter", () => clearTimeout(timer));
  note.addEventListener("pointerleave", () => (timer = setTimeout(close, 3000)));
}

/** Runs an asynchronous action; what goes wrong is shown as it was said. Resolves to undefined then. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    if (!error.status) console.warn(error);
    toast(error.message, { problem: true });
    return undefined;
  }
}
