// Shows the steps to one number of a feature map, with all their numbers.

import { rgbOf } from "../show/colours.js";
import { make } from "../show/elements.js";
import { largestOf } from "../show/map_grid.js";
import { formatCell, formatNumber, formatSigned } from "../show/numbers.js";
import { words } from "../words/language.js";

/** So many channels are shown one by one; what the others add is a single number. */
const MOST_CHANNELS = 3;
/** Larger filters and windows are shown in colours without their numbers. */
const LARGEST_WITH_NUMBERS = 5;
/** Larger windows are not shown: the whole map can be seen beside it. */
const LARGEST_WINDOW = 9;
/** How much of the strongest cell's colour is not paper. */
const MOST_TINT = 0.5;

/** The elements that explain a number; `place` and `steps` are those of `stepsTo`. */
export function renderSteps(place, steps) {
  const title = words("explain-title", {
    unit: place.unit + 1, map: place.map + 1, row: place.y + 1, column: place.x + 1, stage: words(`stage-${place.stage}`),
  });
  const value = make("p", "value", formatNumber(steps.at(-1).value));
  const list = make("ol", "steps", ...steps.map((step) => renderStep(step, place.unit)));
  return [make("h3", "", title), value, list];
}

/** The number and what it belongs to, in a sentence for screen readers. */
export function sayNumber({ unit, stage, map, y, x }, value) {
  const values = { unit: unit + 1, stage: words(`stage-${stage}`), map: map + 1, row: y + 1, column: x + 1 };
  return words("explain-spoken", { ...values, value: formatNumber(value) });
}

function renderStep(step, unit) {
  const name = make("h4", "", words(`stage-${step.kind}`));
  return make("li", "", name, ...RENDER[step.kind](step, unit));
}

const RENDER = {
  convolution: renderConvolution,
  normalization: ({ entering, mean, deviation, gamma, beta, value }) => [
    make("p", "", words("explain-normalization")),
    formula(
      `(${formatNumber(entering)} − ${inBrackets(mean)}) ÷ ${formatNumber(deviation)} × ${inBrackets(gamma)} ` +
        `${plus(beta)} = `, value),
  ],
  residual: ({ entering, shortcut, source, value }) => [
    make("p", "", words("explain-residual", { unit: source + 1 })),
    formula(`${formatNumber(entering)} ${plus(shortcut)} = `, value),
  ],
  activation: ({ entering, name, value }) => [
    make("p", "", words(`explain-${name}`)),
    formula(`${activationText(name, formatNumber(entering))} = `, value),
  ],
  pool: renderPooling,
};

function renderConvolution({ channels, bias, kernel, value, y, x }, unit) {
  const shown = channels.slice(0, MOST_CHANNELS);
  const rest = channels.slice(MOST_CHANNELS);
  const elements = [make("p", "", words("explain-convolution", { row: y + 1, column: x + 1, k: kernel }))];
  const largest = {
    patch: largestOf(shown.flatMap(({ patch }) => patch)),
    filter: largestOf(shown.flatMap(({ filter }) => [...filter])),
    products: largestOf(shown.flatMap(({ products }) => products)),
  };
  for (const channel of shown) elements.push(renderChannel(channel, kernel, largest, unit));
  const terms = shown.map(({ sum }) => sum);
  if (rest.length > 0) {
    const sum = rest.reduce((total, channel) => total + channel.sum, 0);
    elements.push(make("p", "", words("explain-rest", { count: rest.length, sum: formatSigned(sum) })));
    terms.push(sum);
  }
  const sums = terms.map((term, i) => (i === 0 ? formatNumber(term) : plus(term))).join(" ");
  elements.push(formula(`${sums} ${plus(bias)} (${words("bias")}) = `, value));
  return elements;
}

function renderChannel({ channel, patch, filter, products, sum }, kernel, largest, unit) {
  const from = unit === 0 ? words("from-image") : words("from-map", { map: channel + 1, unit });
  const tables = make(
    "div", "products",
    numbersTable(patch, kernel, largest.patch, from),
    make("span", "sign", "×"),
    numbersTable(filter, kernel, largest.filter, words("filter")),
    make("span", "sign", "="),
    numbersTable(products, kernel, largest.products, words("products", { sum: formatNumber(sum) })),
  );
  return tables;
}

function renderPooling({ pool, window, numbers, best, value }) {
  const elements = [make("p", "", words(`explain-pool-${pool}`, { height: window.height, width: window.width }))];
  if (Math.max(window.height, window.width) <= LARGEST_WINDOW) {
    const table = numbersTable(numbers, window.width, largestOf(numbers), words("window"), pool === "max" ? best : -1);
    elements.push(make("div", "products", table, make("span", "sign", "→"), make("strong", "", formatNumber(value))));
  } else {
    elements.push(formula("= ", value));
  }
  return elements;
}

/** Numbers in a grid of coloured cells, with what they are below it. `null` is a place beyond the border. */
function numbersTable(numbers, columns, largest, caption, best = -1) {
  const withNumbers = columns <= LARGEST_WITH_NUMBERS;
  const grid = make("div", withNumbers ? "cells" : "cells small");
  grid.style.gridTemplateColumns = `repeat(${columns}, var(--cell))`;
  grid.setAttribute("aria-hidden", "true");
  Array.from(numbers).forEach((number, at) => {
    const cell = make("span", at === best ? "best" : "", withNumbers && number !== null ? formatCell(number) : "");
    if (number === null) cell.className = "beyond";
    else tint(cell, number, largest);
    grid.append(cell);
  });
  return make("figure", "numbers", grid, make("figcaption", "", caption));
}

/** Colours a cell by its number. The strongest tint stays so weak that the number on it can be read. */
function tint(cell, number, largest) {
  const [paper, tone] = [rgbOf("paper"), rgbOf(number < 0 ? "wrong" : "right")];
  const share = largest > 0 ? (MOST_TINT * Math.abs(number)) / largest : 0;
  const mixed = paper.map((value, i) => Math.round(value + share * (tone[i] - value)));
  cell.style.backgroundColor = `rgb(${mixed.join(" ")})`;
}

function formula(text, value) {
  return make("p", "formula", text, make("strong", "", formatNumber(value)));
}

/** A number behind a sign: `+ 0.5` or `− 0.5`. */
function plus(value) {
  return value < 0 ? `− ${formatNumber(-value)}` : `+ ${formatNumber(value)}`;
}

function inBrackets(value) {
  return value < 0 ? `(${formatNumber(value)})` : formatNumber(value);
}

function activationText(name, entering) {
  const names = { relu: "ReLU", gelu: "GELU", tanh: "tanh", sigmoid: "σ" };
  return `${names[name] ?? name}(${entering})`;
}
