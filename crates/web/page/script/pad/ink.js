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

/** Paper around the drawing in the image. Ink at the edge of a photograph is likely to be no writing; here it is. */
const MARGIN = 20;

/**
 * The strokes as an image, light ink on black whatever the page looks like. So the same drawing has the same answer in
 * light and in dark. `margin` is the width of the paper around what the pad shows.
 */
export function inkImage(strokes, padWidth) {
  inkContext ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const { canvas } = inkContext;
  canvas.width = Math.round(padWidth) + 2 * MARGIN;
  canvas.height = PAD_HEIGHT + 2 * MARGIN;
  inkContext.fillStyle = "#000";
  inkContext.fillRect(0, 0, canvas.width, canvas.height);
  inkContext.translate(MARGIN, MARGIN);
  // What left the pad is not seen by the person who drew it, nor by the network.
  inkContext.beginPath();
  inkContext.rect(0, 0, padWidth, PAD_HEIGHT);
  inkContext.clip();
  inkContext.fillStyle = inkContext.strokeStyle = "#fff";
  drawStrokes(inkContext, strokes);
  const { data } = inkContext.getImageData(0, 0, canvas.width, canvas.height);
  return { rgba: data, width: canvas.width, height: canvas.height, margin: MARGIN };
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
