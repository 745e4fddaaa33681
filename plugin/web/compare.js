// Before and after: a line over the picture that is dragged, or moved with the arrow keys.

import { $, h } from "./dom.js";
import { set, state, watch } from "./store.js";

export function startCompare() {
  const after = h("span", { class: "side after" }, "After");
  const line = h(
    "div",
    {
      class: "split",
      role: "slider",
      tabindex: 0,
      "aria-label": "Before and after",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    },
    h("span", { class: "grip", "aria-hidden": "true" }, "‹ ›"),
    h("span", { class: "side before" }, "Before"),
    after,
  );
  const layer = h("div", { class: "compare", hidden: true }, line);
  $("#stage").append(layer);
  line.addEventListener("pointerdown", (event) => line.setPointerCapture(event.pointerId));
  line.addEventListener("pointermove", (event) => {
    if (line.hasPointerCapture(event.pointerId))
      moveTo((event.clientX - layer.getBoundingClientRect().left) / layer.clientWidth);
  });
  line.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    moveTo(state.split + by);
  });
  watch(["compare", "split", "session"], () => {
    layer.hidden = !(state.compare && state.session?.removal);
    line.style.left = `${state.split * 100}%`;
    line.setAttribute("aria-valuenow", Math.round(state.split * 100));
    after.textContent = state.session?.removal?.outdated ? "After (masks have changed since)" : "After";
  });
}

function moveTo(split) {
  set({ split: Math.max(0.01, Math.min(0.99, split)) });
}
