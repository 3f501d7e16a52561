// How one number of a feature map came about: every product, sum and stage, with the numbers of this drawing.

import { inputOfUnit, layersOfUnit, valueAt } from "./layers.js";

/** Is added to a variance before its square root is taken, so that nothing is divided by zero. */
const EPSILON = 1e-5;

/**
 * The steps from a unit's input to one number of one of its layers, in the order in which they are computed.
 * `place` is `{ unit, stage, map, y, x }`. Where a pooling takes a window, the steps before it follow the number
 * that decided: the largest one.
 */
export async function stepsTo(place, { look, description, tensors }) {
  const config = description.units[place.unit];
  const layers = layersOfUnit(look, place.unit);
  const last = layers.findIndex((layer) => layer.stage === place.stage);
  const steps = [];
  let at = { map: place.map, y: place.y, x: place.x };
  for (let i = last; i >= 0; i--) {
    const context = { look, config, tensors, unit: place.unit, layer: layers[i], before: layers[i - 1] };
    const step = await STEPS_OF[layers[i].stage](at, context);
    steps.unshift({ kind: layers[i].stage, ...at, value: valueAt(layers[i], at), ...step });
    if (step.decided) at = step.decided;
  }
  return steps;
}

const STEPS_OF = {
  convolution: explainConvolution,
  normalization: explainNormalization,
  residual: explainResidual,
  activation: (at, { before, config }) => ({ entering: valueAt(before, at), name: config.activation }),
  pool: explainPooling,
};

/** Each channel's patch, filter and products. All products and the bias together are the value. */
async function explainConvolution({ map, y, x }, { look, config, tensors, unit }) {
  const input = inputOfUnit(look, unit);
  const [weights, biases] = await Promise.all(
    ["weight", "bias"].map((name) => tensors.get(`units.${unit}.conv.${name}`)),
  );
  const { kernel_size: kernel, stride, groups, filters, zeros } = config;
  const channelsOfGroup = input.shape[0] / groups;
  const firstChannel = Math.floor(map / (filters / groups)) * channelsOfGroup;
  const corner = { y: y * stride - zeros[0], x: x * stride - zeros[1] };
  const channels = Array.from({ length: channelsOfGroup }, (_, i) => {
    const patch = patchOf(input, firstChannel + i, corner, kernel);
    const start = (map * channelsOfGroup + i) * kernel * kernel;
    const filter = weights.subarray(start, start + kernel * kernel);
    const products = Array.from(filter, (weight, at) => weight * (patch[at] ?? 0));
    return { channel: firstChannel + i, patch, filter, products, sum: sumOf(products) };
  });
  // Those that contribute most come first.
  channels.sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  return { kernel, corner, channels, bias: biases[map], total: sumOf(channels.map(({ sum }) => sum)) + biases[map] };
}

/** The pixels under the filter, row by row. Those beyond the border are `null`; the network takes them as zeros. */
function patchOf({ shape: [, height, width], values }, channel, corner, kernel) {
  const patch = [];
  for (let row = 0; row < kernel; row++) {
    for (let column = 0; column < kernel; column++) {
      const [y, x] = [corner.y + row, corner.x + column];
      const isInside = y >= 0 && y < height && x >= 0 && x < width;
      patch.push(isInside ? values[(channel * height + y) * width + x] : null);
    }
  }
  return patch;
}

async function explainNormalization(at, { before, tensors, unit }) {
  const names = ["running_mean", "running_var", "gamma", "beta"];
  const [means, variances, gammas, betas] = await Promise.all(
    names.map((name) => tensors.get(`units.${unit}.norm.${name}`)),
  );
  const { map } = at;
  const deviation = Math.sqrt(variances[map] + EPSILON);
  return { entering: valueAt(before, at), mean: means[map], deviation, gamma: gammas[map], beta: betas[map] };
}

/** The shortcut brings what entered some units ago, at the same place. */
function explainResidual(at, { look, before, config, unit }) {
  const source = unit + 1 - config.residual;
  return { entering: valueAt(before, at), source, shortcut: valueAt(inputOfUnit(look, source), at) };
}

function explainPooling({ map, y, x }, { before, config }) {
  const [, height, width] = before.shape;
  const isGlobal = config.pool === "global-average";
  const size = isGlobal ? { height, width } : { height: config.pool_size, width: config.pool_size };
  const corner = isGlobal ? { y: 0, x: 0 } : { y: y * size.height, x: x * size.width };
  const numbers = [];
  let best = 0;
  for (let row = 0; row < size.height; row++) {
    for (let column = 0; column < size.width; column++) {
      const value = valueAt(before, { map, y: corner.y + row, x: corner.x + column });
      if (value > numbers[best]) best = numbers.length;
      numbers.push(value);
    }
  }
  const decided = { map, y: corner.y + Math.floor(best / size.width), x: corner.x + (best % size.width) };
  return { pool: config.pool, window: { ...corner, ...size }, numbers, best, decided };
}

function sumOf(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** The part of the image that one number of a unit's convolution depends on: `{ y, x, height, width }`. */
export function receptiveField(units, unit, { y, x }) {
  let [rows, columns] = [[y, y], [x, x]];
  for (let i = unit; i >= 0; i--) {
    const { kernel_size: kernel, stride, zeros, input, convolved, pool, pool_size: size } = units[i];
    if (i < unit && pool !== "none") {
      const isGlobal = pool === "global-average";
      rows = isGlobal ? [0, convolved[1] - 1] : [rows[0] * size, rows[1] * size + size - 1];
      columns = isGlobal ? [0, convolved[2] - 1] : [columns[0] * size, columns[1] * size + size - 1];
    }
    const before = ([first, last], zero, length) => [
      Math.max(0, first * stride - zero),
      Math.min(length - 1, last * stride - zero + kernel - 1),
    ];
    rows = before(rows, zeros[0], input[1]);
    columns = before(columns, zeros[1], input[2]);
  }
  return { y: rows[0], x: columns[0], height: rows[1] - rows[0] + 1, width: columns[1] - columns[0] + 1 };
}
