// Shows what speaks for a class and against it: the dense layer, and softmax.

import { byId, make } from "../show/elements.js";
import { MapGrid, largestOf } from "../show/map_grid.js";
import { formatNumber, formatPercent, formatSigned } from "../show/numbers.js";
import { showProblem } from "../show/problem.js";
import { words } from "../words/language.js";
import { evidenceOf, sharesByPlace } from "./evidence.js";

/** Of many classes, the table shows those with the largest logits. */
const MOST_ROWS = 12;

/** The part of the page about the output layer. `source()` is that of the explanation; `onChoose(class)`. */
export class EvidenceView {
  #source;
  #onChoose;
  #byPlace = new MapGrid(byId("evidence-sum"), { side: 168 });
  #shares;
  #evidence = null;
  #chosen = 0;
  #turn = 0;

  constructor({ source, onChoose }) {
    this.#source = source;
    this.#onChoose = onChoose;
    this.#shares = new MapGrid(byId("evidence-maps"), { onPoint: (place, how) => this.#point(place, how) });
  }

  /** Shows the shares in a class's logit, of what the network saw last. `answer` has the probabilities. */
  async show(chosen, answer) {
    const [source, turn] = [this.#source(), ++this.#turn];
    this.#chosen = chosen;
    byId("evidence").classList.toggle("empty", !source);
    if (!source) return this.#clear();
    try {
      const evidence = await evidenceOf(source);
      if (turn !== this.#turn) return;
      const { classes, thresholds } = source.description;
      this.#evidence = { ...evidence, classes, temperature: thresholds?.temperature ?? 1 };
      this.#showMaps();
      this.#showTable(answer);
    } catch (error) {
      showProblem("explanation", error);
    }
  }

  #clear() {
    this.#evidence = null;
    this.#byPlace.clear();
    this.#shares.clear();
    byId("evidence-words").textContent = words("maps-empty");
    byId("evidence-point").textContent = "";
    byId("evidence-rows").replaceChildren();
  }

  #showMaps() {
    const { shares: sharesOf, shape, sums, classes, isHidden, temperature } = this.#evidence;
    const shares = sharesOf(this.#chosen);
    this.#shares.show(shares, shape, largestOf(shares));
    const [, height, width] = shape;
    const hasPlaces = height * width > 1;
    byId("evidence-places").hidden = !hasPlaces;
    if (hasPlaces) {
      const sum = sharesByPlace(shares, shape);
      this.#byPlace.show(sum, [1, height, width], largestOf(sum));
    }
    const { forIt, against, bias, logit } = sums[this.#chosen];
    byId("evidence-words").textContent = words("evidence-sum", {
      label: classes[this.#chosen], forIt: formatNumber(forIt), against: formatNumber(against),
      bias: formatSigned(bias), logit: formatNumber(logit),
    });
    byId("evidence-caption").textContent = words(isHidden ? "evidence-hidden" : "evidence-maps", { maps: shape[0] });
    byId("evidence-point").textContent = words("evidence-hint");
    const isPlain = Math.abs(temperature - 1) < 0.005;
    const values = { temperature: temperature.toFixed(2) };
    byId("softmax-words").textContent = words(isPlain ? "softmax-words" : "softmax-temperature", values);
  }

  /** A row for each class: what is for it, what is against it, and what softmax makes of the sum. */
  #showTable(answer) {
    const { sums, classes } = this.#evidence;
    const probability = new Map(answer.items[0]?.top.map((entry) => [entry.class, entry.probability]));
    const order = sums.map((_, index) => index);
    if (order.length > MOST_ROWS) {
      order.sort((a, b) => sums[b].logit - sums[a].logit);
      order.length = MOST_ROWS;
    }
    const rows = order.map((index) => {
      const { forIt, against, bias, logit } = sums[index];
      const choose = make("button", "class", classes[index]);
      choose.type = "button";
      choose.setAttribute("aria-pressed", String(index === this.#chosen));
      choose.addEventListener("click", () => this.#onChoose(index));
      const head = make("th", "", choose);
      head.scope = "row";
      const numbers = [formatSigned(forIt), formatNumber(against), formatSigned(bias), formatNumber(logit)];
      const cells = [...numbers, probability.has(index) ? formatPercent(probability.get(index)) : "–"];
      const row = make("tr", index === this.#chosen ? "chosen" : "", head, ...cells.map((text) => make("td", "", text)));
      return row;
    });
    const focused = document.activeElement?.closest?.("#evidence-rows button")?.textContent;
    byId("evidence-rows").replaceChildren(...rows);
    // The buttons are new; the keyboard's place among them stays.
    if (focused !== undefined) rows.map((row) => row.querySelector("button")).find((b) => b.textContent === focused)?.focus();
  }

  #point(place, how) {
    if (!this.#evidence) return;
    if (!place) {
      if (how === "hover") this.#shares.mark([]);
      return;
    }
    const { shape: [, height, width], features, weightOf, classes } = this.#evidence;
    const at = (place.map * height + place.y) * width + place.x;
    const weight = weightOf(at, this.#chosen);
    this.#shares.mark([{ ...place, kind: "point" }]);
    byId("evidence-point").textContent = words(height * width > 1 ? "evidence-share" : "evidence-share-hidden", {
      map: place.map + 1, row: place.y + 1, column: place.x + 1, label: classes[this.#chosen],
      value: formatNumber(features[at]), weight: formatNumber(weight), share: formatSigned(features[at] * weight),
    });
  }
}
