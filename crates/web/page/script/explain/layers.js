// The numbers that one input has in each layer.

/**
 * What the network computed from one input: `layers` is a list of `{ unit, stage, shape, values }` from the first
 * convolution to the logits, `pixels` is the input itself.
 */
export function layersOf(pixels, inputShape, trace) {
  let start = 0;
  const layers = trace.layers.map((layer) => {
    const length = layer.shape.reduce((product, side) => product * side, 1);
    const values = trace.values.subarray(start, start + length);
    start += length;
    return { ...layer, values };
  });
  const input = { unit: null, stage: "input", shape: inputShape, values: Float32Array.from(pixels, (p) => p / 255) };
  return { input, layers, pixels };
}

/** The layers of a unit, from its convolution to its last stage. */
export function layersOfUnit({ layers }, unit) {
  return layers.filter((layer) => layer.unit === unit);
}

/** What enters a unit: what the unit before it gives, or the input. */
export function inputOfUnit(look, unit) {
  return unit === 0 ? look.input : layersOfUnit(look, unit - 1).at(-1);
}

/** What the output layer reads. */
export function lastFeatures({ input, layers }) {
  return layers.at(-2) ?? input;
}

/** The logits of the classes. */
export function logitsOf({ layers }) {
  return layers.at(-1).values;
}

/** The value of a layer at a place. */
export function valueAt({ shape: [, height, width], values }, { map, y, x }) {
  return values[(map * height + y) * width + x];
}
