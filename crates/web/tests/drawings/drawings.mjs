// Turns the paths of hands.mjs into drawings: what a pointer does on the pad, the same in every run.
//
// Each way of writing each digit is drawn five times, with another size, place, pen and slant each time, by a hand
// that trembles. Lengths are in heights of the pad, and the pad is PAD_WIDTH heights wide at least.

import { hands } from "./hands.mjs";

export const PAD_WIDTH = 1.2;

// The width of the pen's line. A brush fits no digit of a quarter of the pad: nobody would choose it for that.
const PENS = { thin: 0.014, medium: 0.032, brush: 0.056 };
const SIZES = [0.25, 0.4, 0.55, 0.75, 0.94];
const PLACES = ["centre", "top-left", "top-right", "bottom-left", "bottom-right"];

// Numbers from 0 to 1 that depend on the seed alone (mulberry32).
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// A smooth curve through the points (Catmull-Rom), cut into steps of about `step`.
function curve(points, step) {
  const at = (index) => points[Math.min(Math.max(index, 0), points.length - 1)];
  const out = [];
  for (let i = 0; i + 1 < points.length; i += 1) {
    const [before, from, to, after] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const count = Math.max(1, Math.round(Math.hypot(to[0] - from[0], to[1] - from[1]) / step));
    for (let k = 0; k < count; k += 1) {
      const t = k / count;
      out.push([0, 1].map((axis) => {
        const [a, b, c, d] = [before[axis], from[axis], to[axis], after[axis]];
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t);
      }));
    }
  }
  out.push(points[points.length - 1]);
  return out;
}

// The points of a stroke: its curves, one behind the other. `wander` moves a written point a little, because nobody
// writes a digit twice alike.
function followed(stroke, step, wander) {
  const points = [];
  let last = null;
  for (const written of stroke) {
    const moved = written.map(wander);
    const whole = last === null ? moved : [last, ...moved];
    points.push(...curve(whole, step).slice(last === null ? 0 : 1));
    last = moved[moved.length - 1];
  }
  return points;
}

// A tremor is two slow waves in each direction, whose phases the generator chooses.
function tremor(random, strength) {
  const waves = [0, 1].map(() => [7 + 6 * random(), 19 + 10 * random()].map((speed) => ({ speed, phase: 6.283 * random() })));
  return (way) => waves.map((pair) => strength * (Math.sin(pair[0].speed * way + pair[0].phase) + 0.5 * Math.sin(pair[1].speed * way + pair[1].phase)));
}

// One drawing: the digit's strokes with slant, proportion, wandering and tremor, scaled to `size` and put at `place`.
function drawing(digit, hand, turn) {
  const order = Object.keys(hands).indexOf(hand);
  const random = generator(1000003 * (digit + 1) + 1009 * order + turn);
  const size = SIZES[turn];
  const place = PLACES[(turn + 2 * order + 3 * digit) % PLACES.length];
  let pen = Object.keys(PENS)[(turn + order + digit) % 3];
  if (size < 0.4 && pen === "brush") pen = "medium";
  const slant = -15 + 35 * random();
  const proportion = 0.88 + 0.3 * random();
  const shake = 0.003 + 0.006 * random();
  const wander = ([x, y]) => [x + 0.05 * (random() - 0.5), y + 0.05 * (random() - 0.5)];
  const lean = Math.tan((slant * Math.PI) / 180);

  const strokes = hands[hand][digit].map((stroke) => {
    const trembling = tremor(random, shake);
    let way = 0;
    let last = null;
    return followed(stroke, 0.035, wander).map(([x, y]) => {
      if (last !== null) way += Math.hypot(x - last[0], y - last[1]);
      last = [x, y];
      const [right, down] = trembling(way);
      return [(x + right) * proportion + (0.5 - y) * lean, y + down];
    });
  });
  return { digit, hand, pen, pen_width: PENS[pen], size, place, slant: Math.round(slant), strokes: placed(strokes, size, place, PENS[pen]) };
}

// Scales strokes so that their height is `size`, and moves them to `place`, a pen's width and a bit from the rim.
// A digit that would be wider than the pad is made smaller.
function placed(strokes, size, place, pen_width) {
  const all = strokes.flat();
  const [left, top] = [0, 1].map((axis) => Math.min(...all.map((point) => point[axis])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...all.map((point) => point[axis])));
  const rim = 0.01 + pen_width / 2;
  const scale = Math.min(size / (bottom - top), (1 - 2 * rim) / (bottom - top), (PAD_WIDTH - 2 * rim) / (right - left));
  const room = [PAD_WIDTH - 2 * rim - scale * (right - left), 1 - 2 * rim - scale * (bottom - top)];
  const share = place === "centre" ? [0.5, 0.5] : [place.endsWith("right") ? 1 : 0, place.startsWith("bottom") ? 1 : 0];
  return strokes.map((stroke) => stroke.map(([x, y]) => [
    Number((rim + share[0] * room[0] + scale * (x - left)).toFixed(4)),
    Number((rim + share[1] * room[1] + scale * (y - top)).toFixed(4)),
  ]));
}

// All drawings, digit by digit.
export function drawings() {
  const all = [];
  for (let digit = 0; digit < 10; digit += 1) {
    for (const hand of Object.keys(hands)) {
      for (let turn = 0; turn < SIZES.length; turn += 1) all.push(drawing(digit, hand, turn));
    }
  }
  return all;
}
