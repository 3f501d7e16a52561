// The pad on the page: its canvas, as sharp as the screen is, and the boxes over what was read.

import { colour, onColours } from "../show/colours.js";
import { PAD_HEIGHT } from "./drawing.js";
import { drawStrokes } from "./ink.js";
import { followPointer } from "./pointer.js";

/** Shows a drawing, and lets the reader draw. `pen()` is the pen's width in the pad's units. */
export class PadView {
  #canvas;
  #boxes;
  #drawing;
  #items = [];

  constructor({ canvas, boxes, drawing, pen }) {
    this.#canvas = canvas;
    this.#boxes = boxes;
    this.#drawing = drawing;
    followPointer(canvas, (event) => this.#toUnits(event), {
      begin: (point) => drawing.begin(pen(), point),
      extend: (points) => drawing.extend(points),
      end: () => drawing.end(),
      abandon: () => drawing.abandon(),
    });
    new ResizeObserver(() => this.#resize()).observe(canvas);
    // Browser zoom and a window on another screen change the ratio; the size in CSS pixels may stay.
    window.addEventListener("resize", () => this.#resize());
    onColours(() => this.draw());
    this.#resize();
  }

  /** The pad's width in its units: its height is always 280. */
  get width() {
    const { clientWidth, clientHeight } = this.#canvas;
    return clientHeight > 0 ? (PAD_HEIGHT * clientWidth) / clientHeight : 2 * PAD_HEIGHT;
  }

  /** Draws everything. Browsers report moves once a frame, so this is done once a frame as well. */
  draw() {
    this.#drawInk();
    this.#drawBoxes();
  }

  /** Shows a box over each item of an answer. */
  showBoxes(items) {
    this.#items = items;
    this.#drawBoxes();
  }

  #toUnits({ clientX, clientY }) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [((clientX - left) / width) * this.width, ((clientY - top) / height) * PAD_HEIGHT];
  }

  #resize() {
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.#canvas, this.#boxes]) {
      const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * ratio));
      if (width === 0 || (canvas.width === width && canvas.height === height)) continue;
      canvas.width = width;
      canvas.height = height;
    }
    this.#drawing.fit(this.width);
    this.draw();
  }

  /** A cleared context whose unit is the pad's. */
  #context(canvas) {
    const context = canvas.getContext("2d");
    context.resetTransform();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.scale(canvas.height / PAD_HEIGHT, canvas.height / PAD_HEIGHT);
    return context;
  }

  #drawInk() {
    const context = this.#context(this.#canvas);
    context.strokeStyle = context.fillStyle = colour("ink");
    const { picture, strokes } = this.#drawing;
    if (picture) {
      const { left, top, width, height } = this.#placeOf(picture);
      context.imageSmoothingQuality = "high";
      context.drawImage(picture.canvas, left, top, width, height);
    }
    drawStrokes(context, strokes);
  }

  /** Where a picture is shown: as large as the pad can show it whole. */
  #placeOf({ width, height }) {
    const scale = Math.min(this.width / width, PAD_HEIGHT / height);
    return {
      left: (this.width - width * scale) / 2,
      top: (PAD_HEIGHT - height * scale) / 2,
      width: width * scale,
      height: height * scale,
      scale,
    };
  }

  #drawBoxes() {
    const context = this.#context(this.#boxes);
    const { picture } = this.#drawing;
    if (this.#items.length < 2 && !picture) return;
    const { left, top, scale } = picture ? this.#placeOf(picture) : { left: 0, top: 0, scale: 1 };
    const pixel = PAD_HEIGHT / this.#boxes.clientHeight;
    for (const { box, label, is_sure: isSure } of this.#items) {
      const [x, y] = [left + box[0] * scale, top + box[1] * scale];
      const place = [x - 3 * pixel, y - 3 * pixel, box[2] * scale + 6 * pixel, box[3] * scale + 6 * pixel];
      drawBox(context, place, label, isSure, pixel, this.width);
    }
  }
}

/** A box with its label in a corner. What is not sure has a broken line, so that colour is not all that says it. */
function drawBox(context, [x, y, width, height], label, isSure, pixel, padWidth) {
  const tone = colour(isSure ? "right" : "wrong");
  context.strokeStyle = context.fillStyle = tone;
  context.lineWidth = 1.5 * pixel;
  context.setLineDash(isSure ? [] : [4 * pixel, 3 * pixel]);
  context.strokeRect(x, y, width, height);
  context.setLineDash([]);
  context.font = `600 ${13 * pixel}px system-ui, sans-serif`;
  const text = isSure ? label : `${label}?`;
  const side = context.measureText(text).width + 8 * pixel;
  const labelX = Math.max(0, Math.min(x, padWidth - side));
  const labelY = y >= 18 * pixel ? y - 18 * pixel : Math.min(y + height, PAD_HEIGHT - 18 * pixel);
  context.fillRect(labelX - 0.75 * pixel, labelY, side, 18 * pixel);
  context.fillStyle = colour("paper");
  context.textBaseline = "middle";
  context.fillText(text, labelX + 3.25 * pixel, labelY + 9.5 * pixel);
}
