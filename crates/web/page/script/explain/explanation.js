// The panel that explains the number that the reader points at.

import { SpokenError } from "../errors.js";
import { onColours } from "../show/colours.js";
import { byId, make } from "../show/elements.js";
import { showProblem } from "../show/problem.js";
import { words } from "../words/language.js";
import { receptiveField, stepsTo } from "./chain.js";
import { renderSteps, sayNumber } from "./chain_view.js";

/**
 * Explains places of maps. `source()` gives `{ look, description, tensors }` or `null`; `mark(places, field)` marks
 * places of maps, and the field of the image that they depend on; `say` speaks to screen readers.
 */
export class Explanation {
  #panel = byId("explanation");
  #source;
  #mark;
  #say;
  #place = null;
  #isPinned = false;
  #isWaiting = false;
  #turn = 0;

  constructor({ source, mark, say }) {
    this.#source = source;
    this.#mark = mark;
    this.#say = say;
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.forget();
    });
    onColours(() => this.refresh());
    this.forget();
  }

  /** The reader points at a place. A click holds the explanation until the next click, or Escape. */
  point(place, how) {
    if (how === "hover" && this.#isPinned) return;
    if (how === "click") {
      const isSame = this.#isPinned && place && isEqual(place, this.#place);
      this.#isPinned = Boolean(place) && !isSame;
    }
    if (how === "key") this.#isPinned = true;
    if (!place && how === "hover") return;
    if (!place) return this.forget();
    this.#place = place;
    this.refresh(how === "key");
  }

  /** Shows the same place with the numbers of now, once a frame at most. */
  refresh(isSpoken = false) {
    if (!this.#place || !this.#source()) return this.#blank();
    if (this.#isWaiting && !isSpoken) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      this.#explain(isSpoken);
    });
  }

  /** Explains nothing any more. */
  forget() {
    this.#place = null;
    this.#isPinned = false;
    this.#blank();
  }

  /** Says what the panel is for. */
  #blank() {
    this.#turn++;
    this.#mark([], null);
    this.#panel.classList.remove("filled");
    this.#panel.replaceChildren(make("p", "note", words("explain-hint")));
  }

  async #explain(isSpoken) {
    const [place, source, turn] = [this.#place, this.#source(), ++this.#turn];
    if (!place || !source) return;
    try {
      const steps = await stepsTo(place, source);
      // The reader may point at another place by now.
      if (turn !== this.#turn) return;
      this.#show(place, steps, source.description);
      if (isSpoken) this.#say(sayNumber(place, steps.at(-1).value));
    } catch (error) {
      if (!(error instanceof SpokenError)) showProblem("explanation", error);
    }
  }

  #show(place, steps, { units }) {
    const { unit } = place;
    const convolution = steps[0];
    const pool = steps.find(({ kind }) => kind === "pool");
    const { kernel, corner } = convolution;
    const marks = [{ ...place, kind: this.#isPinned ? "point pinned" : "point" }];
    const { channel } = convolution.channels[0];
    const [, height, width] = units[unit].input;
    const patch = clip({ ...corner, height: kernel, width: kernel }, height, width);
    if (unit > 0) marks.push({ unit: unit - 1, stage: "last", map: channel, ...patch, kind: "patch" });
    // The number's way can also be seen in the earlier stages of the same unit.
    for (const step of steps.slice(0, -1)) {
      marks.push({ unit, stage: step.kind, map: step.map, y: step.y, x: step.x, kind: "point" });
    }
    if (pool && steps.at(-1) !== pool) marks.push({ unit, stage: "pool", map: pool.map, y: pool.y, x: pool.x, kind: "point" });
    this.#mark(marks, receptiveField(units, unit, convolution));
    const hint = make("p", "note", words(this.#isPinned ? "explain-pinned" : "explain-unpinned"));
    this.#panel.classList.add("filled");
    this.#panel.replaceChildren(...renderSteps(place, steps), hint);
  }
}

function isEqual(a, b) {
  return ["unit", "stage", "map", "y", "x"].every((key) => a[key] === b?.[key]);
}

/** The part of a patch that lies in the map. */
function clip({ y, x, height, width }, mapHeight, mapWidth) {
  const [top, left] = [Math.max(0, y), Math.max(0, x)];
  return {
    y: top, x: left,
    height: Math.min(mapHeight, y + height) - top,
    width: Math.min(mapWidth, x + width) - left,
  };
}
