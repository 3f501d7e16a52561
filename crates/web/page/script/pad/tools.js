// The tools beside the pad: undo, clear, the pen, and the examples.

import { byId, make } from "../show/elements.js";
import { colour, onColours } from "../show/colours.js";
import { onLanguage, words } from "../words/language.js";
import { PAD_HEIGHT } from "./drawing.js";
import { EXAMPLES, drawByHand, exampleStrokes } from "./examples.js";
import { drawStrokes } from "./ink.js";

/** The pen's width in the pad's units; the slider has it as a share of the pad's height. */
export function penWidth() {
  return PAD_HEIGHT * Number(byId("pen").value);
}

/** Makes the tools work. `padWidth()` is the pad's width in its units. */
export function setUpTools({ drawing, padWidth }) {
  let stopExample = () => {};
  byId("undo").addEventListener("click", () => {
    stopExample();
    drawing.undo();
  });
  byId("clear").addEventListener("click", () => {
    stopExample();
    drawing.clear();
  });
  byId("pad").addEventListener("pointerdown", () => stopExample(), { capture: true });
  document.addEventListener("keydown", (event) => {
    const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    if (!isUndo) return;
    event.preventDefault();
    stopExample();
    drawing.undo();
  });
  const show = (example) => {
    stopExample();
    const strokes = exampleStrokes(example, padWidth(), penWidth());
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) drawing.replace(strokes);
    else stopExample = drawByHand(drawing, strokes);
  };
  byId("examples").replaceChildren(...EXAMPLES.map((example) => make("li", "", exampleButton(example, show))));
}

/** Shows which tools would do something now. */
export function updateTools(drawing) {
  byId("undo").disabled = !drawing.canUndo;
  byId("pad-hint").hidden = !drawing.isEmpty;
}

/** A button with a small drawing of the example. */
function exampleButton(example, show) {
  const name = make("span", "visually-hidden");
  const canvas = make("canvas");
  const button = make("button", "", canvas, name);
  button.type = "button";
  button.dataset.example = example.name;
  button.addEventListener("click", () => show(example));
  const [padWidth, height] = [0.6 * PAD_HEIGHT + 0.34 * PAD_HEIGHT * (example.glyphs.length - 1), 34];
  const paint = () => {
    const ratio = 2 * Math.max(1, window.devicePixelRatio || 1);
    const width = (height * padWidth) / PAD_HEIGHT;
    [canvas.width, canvas.height] = [Math.round(width * ratio), height * ratio];
    [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    const context = canvas.getContext("2d");
    context.scale(canvas.height / PAD_HEIGHT, canvas.height / PAD_HEIGHT);
    context.strokeStyle = colour("ink");
    drawStrokes(context, exampleStrokes(example, padWidth, PAD_HEIGHT / 14));
  };
  const translate = () => {
    name.textContent = words("example", { name: example.name });
  };
  onColours(paint);
  onLanguage(translate);
  paint();
  translate();
  return button;
}
