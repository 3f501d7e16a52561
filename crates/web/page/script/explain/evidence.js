// What each number that the output layer reads says for and against a class.

import { lastFeatures, logitsOf } from "./layers.js";

/**
 * The shares of all features in the classes' logits: a feature's share is its value times its weight for the class,
 * and the shares with the bias are the logit. Shares are `[features]`, in the shape of the features.
 */
export async function evidenceOf({ look, description, tensors }) {
  const [weights, biases] = await Promise.all(["head.weight", "head.bias"].map((name) => tensors.get(name)));
  const features = lastFeatures(look);
  const classes = description.classes.length;
  const logits = logitsOf(look);
  const sums = Array.from({ length: classes }, (_, index) => {
    const [forIt, against] = sumsOf(features.values, weights, index, classes);
    return { forIt, against, bias: biases[index], logit: logits[index] };
  });
  const shape = features.shape.length === 3 ? features.shape : [features.shape[0], 1, 1];
  const shares = (index) => features.values.map((value, i) => value * weights[i * classes + index]);
  const weightOf = (feature, index) => weights[feature * classes + index];
  return { features: features.values, shape, isHidden: features.shape.length === 1, sums, shares, weightOf };
}

function sumsOf(features, weights, index, classes) {
  let [forIt, against] = [0, 0];
  for (let i = 0; i < features.length; i++) {
    const share = features[i] * weights[i * classes + index];
    if (share > 0) forIt += share;
    else against += share;
  }
  return [forIt, against];
}

/** The shares of all maps, added place by place: `[height, width]`. */
export function sharesByPlace(shares, [maps, height, width]) {
  const sums = new Float32Array(height * width);
  for (let map = 0; map < maps; map++) {
    for (let at = 0; at < sums.length; at++) sums[at] += shares[map * sums.length + at];
  }
  return sums;
}
