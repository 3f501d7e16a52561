// Drawings to click, as strokes of the pad's own pen.

import { PAD_HEIGHT } from "./drawing.js";

/** Strokes in a box that is 100 high. A point that is there twice is a corner; all others lie on curves. */
const GLYPHS = {
  0: { width: 62, strokes: [[[38, 3], [16, 14], [3, 46], [9, 82], [28, 97], [49, 88], [60, 54], [55, 20], [38, 3], [30, 5]]] },
  2: { width: 66, strokes: [[[5, 24], [14, 8], [34, 2], [52, 10], [55, 28], [44, 52], [22, 76], [4, 95], [4, 95], [30, 91], [64, 93]]] },
  3: { width: 58, strokes: [[[6, 12], [26, 2], [46, 9], [49, 26], [38, 41], [22, 46], [22, 46], [44, 51], [56, 68], [50, 88], [28, 98], [4, 90]]] },
  4: { width: 66, strokes: [[[26, 3], [18, 28], [4, 56], [4, 56], [30, 57], [64, 53]], [[49, 30], [47, 62], [44, 98]]] },
  6: { width: 58, strokes: [[[46, 3], [24, 22], [8, 52], [5, 78], [18, 96], [40, 96], [54, 80], [50, 62], [34, 55], [16, 62], [7, 76]]] },
  7: { width: 60, strokes: [[[3, 8], [28, 7], [58, 4], [58, 4], [44, 34], [30, 68], [22, 98]]] },
  8: { width: 56, strokes: [[[46, 16], [32, 3], [13, 8], [10, 26], [26, 43], [46, 60], [50, 82], [32, 98], [10, 92], [6, 74], [22, 54], [42, 36], [48, 20], [44, 12]]] },
  K: { width: 60, strokes: [[[10, 3], [8, 98]], [[56, 4], [12, 54], [12, 54], [60, 98]]] },
};

/** What the page offers, from left to right. The letter is there because the network has not learned any. */
export const EXAMPLES = [
  { name: "7", glyphs: "7" },
  { name: "4", glyphs: "4" },
  { name: "8", glyphs: "8" },
  { name: "2026", glyphs: "2026" },
  { name: "K", glyphs: "K" },
];

/** The strokes of an example in the middle of a pad of this width, drawn with a pen of this width. */
export function exampleStrokes({ glyphs }, padWidth, pen) {
  const gap = 26;
  const shapes = [...glyphs].map((glyph) => GLYPHS[glyph]);
  const total = shapes.reduce((sum, { width }) => sum + width, gap * (shapes.length - 1));
  const scale = Math.min((0.62 * PAD_HEIGHT) / 100, (0.86 * padWidth) / total);
  const top = (PAD_HEIGHT - 100 * scale) / 2;
  let left = (padWidth - total * scale) / 2;
  const strokes = [];
  for (const shape of shapes) {
    const place = ([x, y]) => [left + x * scale, top + y * scale];
    strokes.push(...shape.strokes.map((points) => ({ width: pen, points: curveThrough(points.map(place)) })));
    left += (shape.width + gap) * scale;
  }
  return strokes;
}

/** Points close to each other on curves through the given ones (Catmull and Rom 1974). */
function curveThrough(points) {
  const line = [points[0]];
  for (const part of splitAtCorners(points)) {
    for (let i = 0; i + 1 < part.length; i++) {
      const [before, from, to, after] = [part[Math.max(0, i - 1)], part[i], part[i + 1], part[i + 2] ?? part[i + 1]];
      const steps = Math.max(2, Math.round(Math.hypot(to[0] - from[0], to[1] - from[1]) / 4));
      for (let step = 1; step <= steps; step++) line.push(between(before, from, to, after, step / steps));
    }
  }
  return line;
}

function splitAtCorners(points) {
  const parts = [[points[0]]];
  for (let i = 1; i < points.length; i++) {
    const isCorner = points[i][0] === points[i - 1][0] && points[i][1] === points[i - 1][1];
    if (isCorner) parts.push([points[i]]);
    else parts.at(-1).push(points[i]);
  }
  return parts;
}

function between(before, from, to, after, t) {
  return [0, 1].map((axis) => {
    const [a, b, c, d] = [before[axis], from[axis], to[axis], after[axis]];
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  });
}

/** Draws an example's strokes point by point, as a hand would, within half a second. Returns what stops it. */
export function drawByHand(drawing, strokes) {
  const all = strokes.reduce((sum, { points }) => sum + points.length, 0);
  const pointsAFrame = Math.max(4, Math.ceil(all / 28));
  let [stroke, point, frame] = [0, 0, 0];
  const step = () => {
    for (let left = pointsAFrame; left > 0 && stroke < strokes.length; ) {
      const { width, points } = strokes[stroke];
      if (point === 0) drawing.begin(width, points[0]);
      const next = points.slice(point, point + left);
      drawing.extend(next);
      left -= next.length;
      point += next.length;
      if (point === points.length) {
        drawing.end();
        [stroke, point] = [stroke + 1, 0];
      }
    }
    if (stroke < strokes.length) frame = requestAnimationFrame(step);
  };
  drawing.clear();
  step();
  return () => cancelAnimationFrame(frame);
}
