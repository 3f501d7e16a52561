// The classes' probabilities as bars, which are a list with text for those who do not see them.

import { make } from "./elements.js";
import { formatPercent } from "./numbers.js";

/** A bar for each class. With `onChoose(class)` each is a button. */
export class BarList {
  #list;
  #onChoose;
  #rows = [];

  constructor(list, onChoose = null) {
    this.#list = list;
    this.#onChoose = onChoose;
  }

  setClasses(labels) {
    this.#rows = labels.map((label, index) => this.#row(label, index));
    this.#list.replaceChildren(...this.#rows.map(({ item }) => item));
    this.#list.classList.toggle("many", labels.length > 12);
    this.show(null);
  }

  /** Shows probabilities in the order of the classes, or none. */
  show(probabilities, best = -1) {
    this.#rows.forEach(({ item, fill, percent }, index) => {
      const probability = probabilities?.[index] ?? 0;
      item.dataset.probability = String(probability);
      item.classList.toggle("best", index === best);
      fill.style.transform = `scaleX(${probability})`;
      percent.textContent = probabilities ? formatPercent(probability) : "–";
    });
  }

  /** Shows which class the page explains, or -1. */
  choose(chosen) {
    if (!this.#onChoose) return;
    this.#rows.forEach(({ row }, index) => row.setAttribute("aria-pressed", String(index === chosen)));
  }

  #row(label, index) {
    const fill = make("span", "fill");
    const percent = make("span", "percent");
    const row = make(this.#onChoose ? "button" : "div", "bar");
    row.append(make("span", "label", label), make("span", "track", fill), percent);
    if (this.#onChoose) {
      row.type = "button";
      row.addEventListener("click", () => this.#onChoose(index));
    }
    const item = make("li", "", row);
    item.dataset.class = String(index);
    return { item, row, fill, percent };
  }
}
