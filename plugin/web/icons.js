// The page's own line icons, on a grid of 24, drawn in the colour of the text.

const PATHS = {
  click: "M5 3l6 16 2.4-6.6L20 10zM17 15v6M14 18h6",
  box: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4",
  brush: "M20 4c-5 2-9 6-11 9l2.5 2.5C14.5 13.5 18 9 20 4zM8 14c-2.5 0-3.5 2-3.5 3.5S4 20 3 20.5c3 .8 7.5 0 7.5-4",
  erase: "M14.5 4.5l5.5 5.5-9 9H7l-3.5-3.5zM9 10l5.5 5.5M11 19h9",
  words: "M4 6h16M12 6v13M8 19h8M4 6v3M20 6v3",
  hand: "M8 12V6.5a1.5 1.5 0 013 0V11M11 11V4.5a1.5 1.5 0 013 0V11M14 11V6a1.5 1.5 0 013 0v6M17 9.5a1.5 1.5 0 013 0V15a6 6 0 01-6 6h-1.5c-2.5 0-4-1-5.2-3L4.5 13.5a1.5 1.5 0 012.5-1.6l1 1.3",
  undo: "M8 5L4 9l4 4M4 9h10a6 6 0 010 12h-3",
  redo: "M16 5l4 4-4 4M20 9H10a6 6 0 000 12h3",
  track: "M8 7l-5 5 5 5M16 7l5 5-5 5M3 12h18",
  trackForward: "M4 12h16M14 6l6 6-6 6",
  trackBackward: "M20 12H4M10 6l-6 6 6 6",
  remove: "M4 20L20 4M7.5 6.5A7 7 0 0117.5 16.5M14.5 18.5A7 7 0 015.5 9.5",
  replace: "M4 9h13l-4-4M20 15H7l4 4",
  effect: "M12 3l1.8 5.2L19 10l-5.2 1.8L12 17l-1.8-5.2L5 10l5.2-1.8zM18.5 16v5M16 18.5h5",
  trace: "M12 21s7-6.2 7-11a7 7 0 10-14 0c0 4.8 7 11 7 11zM12 7.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5z",
  compare: "M12 3v18M9 6H4v12h5M15 6h5v12h-5M15 10l5 4",
  export: "M12 15V4M8 8l4-4 4 4M5 13v6h14v-6",
  open: "M3 18V6h6l2 2.5h9V11M3 18l3-7h16l-3 7z",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  engines: "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  help: "M9 9a3 3 0 115 2.3c-1.3 1-2 1.5-2 3.2M12 18.5v.1",
  theme: "M12 4a8 8 0 108 8 6 6 0 01-8-8z",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 5v14M16 5v14",
  first: "M6 5v14M19 5l-9 7 9 7z",
  last: "M18 5v14M5 5l9 7-9 7z",
  back: "M16 5l-9 7 9 7z",
  forth: "M8 5l9 7-9 7z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.3a2.7 2.7 0 100 5.4 2.7 2.7 0 000-5.4z",
  hidden:
    "M4 4l16 16M9.5 5.9C16.5 4 21.5 12 21.5 12s-1 1.9-2.8 3.6M6 8C3.8 9.8 2.5 12 2.5 12s3.5 6.5 9.5 6.5c1.2 0 2.3-.3 3.3-.7",
  solo: "M12 3v3M12 18v3M3 12h3M18 12h3M12 8.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7z",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5",
  pencil: "M4 20l1-4L16 5l3 3L8 19z",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  flag: "M6 21V4M6 5h11l-2.5 3.5L17 12H6",
  close: "M6 6l12 12M18 6L6 18",
  scissors: "M6 4v16M10 8h9M10 12h5M10 16h9",
  download: "M12 4v11M8 11l4 4 4-4M5 19h14",
  check: "M5 12.5l4.5 4.5L19 7",
};

const FILLED = new Set(["play", "first", "last", "back", "forth", "solo"]);

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", FILLED.has(name) ? "icon filled" : "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
