// What the network sees: its input in large, one small image for each digit, and buttons that shift it.

import { decodeBase64 } from "../engine/base64.js";
import { words } from "../words/language.js";
import { byId, make } from "./elements.js";
import { MapGrid } from "./map_grid.js";
import { formatPercent } from "./numbers.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Shows the inputs. `onChoose(item)` takes the digit that is to be looked at, `onShift({ down, right })` a shift. */
export class SeenView {
  #grid = new MapGrid(byId("seen-image"), { isInk: true, side: 196 });
  #handlers;
  #shift = { down: 0, right: 0 };
  #input = [1, 28, 28];

  constructor(handlers) {
    this.#handlers = handlers;
    for (const button of document.querySelectorAll("[data-shift]")) {
      const [down, right] = ARROWS[button.dataset.shift] ?? [0, 0];
      button.addEventListener("click", () => this.#move(down, right));
    }
    byId("shift-reset").addEventListener("click", () => this.#set({ down: 0, right: 0 }));
    byId("seen-image").addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#move(...arrow);
    });
    this.#showShift();
  }

  setModel({ input }) {
    this.#input = input;
  }

  /** A small image for each item, if there are several. */
  showItems(items, chosen) {
    const list = byId("seen-list");
    list.hidden = items.length < 2;
    // Buttons that are still right stay, so that the keyboard's focus is not lost.
    while (list.children.length > items.length) list.lastChild.remove();
    items.forEach((item, index) => {
      const button = list.children[index]?.firstChild ?? this.#thumbnail(list, index);
      button.setAttribute("aria-pressed", String(index === chosen));
      button.setAttribute("aria-label", words("seen-item", { n: index + 1, label: item.label }));
      button.lastChild.textContent = item.is_sure ? item.label : `${item.label}?`;
      button.firstChild.hidden = !item.pixels;
      if (!item.pixels) return;
      const [, height, width] = this.#input;
      button.grid.show(Float32Array.from(decodeBase64(item.pixels), (pixel) => pixel / 255), [1, height, width], 1);
    });
  }

  /** The input in large, and what the network says about it if it was shifted. */
  show(look, answer, labels) {
    byId("seen-section").classList.toggle("empty", !look);
    if (!look) {
      this.#grid.clear();
      byId("shift-answer").textContent = "";
      return;
    }
    const [channels, height, width] = look.input.shape;
    this.#grid.show(look.input.values, [channels, height, width], 1);
    const item = answer.status === "no-digit" ? null : answer.items[0];
    const { down, right } = this.#shift;
    const isShifted = down !== 0 || right !== 0;
    byId("shift-answer").textContent = isShifted ? this.#wordsOfShift(item, labels) : "";
  }

  /** Marks the part of the input that a number depends on, or nothing. */
  mark(field) {
    this.#grid.mark(field ? [{ map: 0, ...field, kind: "patch" }] : []);
  }

  resetShift() {
    this.#shift = { down: 0, right: 0 };
    this.#showShift();
    return this.#shift;
  }

  #wordsOfShift(item, labels) {
    if (!item) return words("shift-no-digit");
    return words("shift-says", { label: labels[item.class], percent: formatPercent(item.probability) });
  }

  #thumbnail(list, index) {
    const host = make("span");
    const button = make("button", "thumbnail", host, make("span"));
    button.type = "button";
    list.append(make("li", "", button));
    button.grid = new MapGrid(host, { isInk: true, side: 42 });
    button.addEventListener("click", () => this.#handlers.onChoose(index));
    return button;
  }

  /** A shift by more than half of the image would show nothing. */
  #move(down, right) {
    const [, height, width] = this.#input;
    const bound = (value, length) => Math.max(-Math.floor(length / 2), Math.min(Math.floor(length / 2), value));
    this.#set({ down: bound(this.#shift.down + down, height), right: bound(this.#shift.right + right, width) });
  }

  #set(shift) {
    this.#shift = shift;
    this.#showShift();
    this.#handlers.onShift(shift);
  }

  #showShift() {
    const { down, right } = this.#shift;
    const across = right === 0 ? "" : words(right < 0 ? "shifted-left" : "shifted-right", { n: Math.abs(right) });
    const along = down === 0 ? "" : words(down < 0 ? "shifted-up" : "shifted-down", { n: Math.abs(down) });
    const both = across && along ? words("shifted-both", { across, along }) : across || along;
    byId("shift-amount").textContent = both || words("shift-none");
    byId("shift-reset").disabled = !both;
  }

  /** Says everything again, in another language. */
  translate() {
    this.#showShift();
  }
}
