// Renders strokes: on the pad for people, and as an image for the network.

import { PAD_HEIGHT } from "./drawing.js";

/** Draws strokes in the context's colour. The context's unit is the pad's. */
export function drawStrokes(context, strokes) {
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of strokes) {
    context.lineWidth = stroke.width;
    context.beginPath();
    if (stroke.points.length === 1) {
      const [x, y] = stroke.points[0];
      context.arc(x, y, stroke.width / 2, 0, 2 * Math.PI);
      context.fill();
    } else {
      traceLine(context, stroke.points);
      context.stroke();
    }
  }
}

/** A smooth line: it passes through the middles between neighbouring points, and bends at the points themselves. */
function traceLine(context, points) {
  context.moveTo(...points[0]);
  for (let i = 1; i + 1 < points.length; i++) {
    const [x, y] = points[i];
    const [nextX, nextY] = points[i + 1];
    context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  context.lineTo(...points.at(-1));
}

/** The canvas on which images for the network are rendered. It lives in ordinary memory, because it is read back. */
let inkContext = null;

/** Paper around the ink, in pixels, for a server, which takes ink at an image's edge for what reaches in from outside. */
const MARGIN = 24;
/** Higher ink is rendered smaller: the network sees 20 rows of it, and fewer pixels are read sooner. */
const MOST_INK_ROWS = 160;

/**
 * The part of the pad with ink as a transparent image, whose opacity is the ink (`isDrawn`), whatever the page looks
 * like. So the same drawing has the same answer in light and in dark. `left`, `top` and `scale` say where in the pad the image's corner is, and how many
 * pixels a unit of the pad has.
 */
export function inkImage(strokes, padWidth) {
  inkContext ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const { canvas } = inkContext;
  const bounds = boundsOf(strokes, padWidth);
  const scale = Math.min(1, MOST_INK_ROWS / bounds.height);
  canvas.width = Math.ceil(bounds.width * scale) + 2 * MARGIN;
  canvas.height = Math.ceil(bounds.height * scale) + 2 * MARGIN;
  inkContext.translate(MARGIN, MARGIN);
  inkContext.scale(scale, scale);
  inkContext.translate(-bounds.left, -bounds.top);
  // What left the pad is not seen by the person who drew it, nor by the network.
  inkContext.beginPath();
  inkContext.rect(0, 0, padWidth, PAD_HEIGHT);
  inkContext.clip();
  inkContext.fillStyle = inkContext.strokeStyle = "#fff";
  drawStrokes(inkContext, strokes);
  const { width, height } = canvas;
  const { data } = inkContext.getImageData(0, 0, width, height);
  const [left, top] = [bounds.left - MARGIN / scale, bounds.top - MARGIN / scale];
  return { rgba: data, width, height, left, top, scale, isDrawn: true };
}

/** The part of the pad that the strokes' ink lies in. */
function boundsOf(strokes, padWidth) {
  let [left, top, right, bottom] = [padWidth, PAD_HEIGHT, 0, 0];
  for (const { width, points } of strokes) {
    for (const [x, y] of points) {
      left = Math.min(left, x - width / 2);
      right = Math.max(right, x + width / 2);
      top = Math.min(top, y - width / 2);
      bottom = Math.max(bottom, y + width / 2);
    }
  }
  [left, top] = [Math.max(0, left), Math.max(0, top)];
  [right, bottom] = [Math.min(padWidth, right), Math.min(PAD_HEIGHT, bottom)];
  return { left, top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
}

/** Whether the browser gives back what was drawn. Some falsify it, so that pages cannot recognise a reader by it. */
export function canReadCanvas() {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return false;
  context.fillStyle = "#204060";
  context.fillRect(0, 0, 16, 16);
  const { data } = context.getImageData(0, 0, 16, 16);
  const wanted = [32, 64, 96, 255];
  return data.every((value, i) => Math.abs(value - wanted[i % 4]) <= 3);
}
