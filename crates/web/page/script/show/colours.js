// The style sheet's colours, for what is painted on canvases.

const colourListeners = [];
let known = new Map();

/** A colour of the style sheet by its name, such as `ink`, as a CSS colour. */
export function colour(name) {
  let value = known.get(name);
  if (!value) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "#888888";
    known.set(name, value);
  }
  return value;
}

/** The same colour as red, green and blue, 0 to 255. */
export function rgbOf(name) {
  const hex = colour(name).replace("#", "");
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** Calls back when the reader's preference for light or dark changes, and with it every colour. */
export function onColours(listener) {
  colourListeners.push(listener);
}

/** Begins to watch that preference. */
export function watchColours() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    known = new Map();
    for (const listener of colourListeners) listener();
  });
}
