// Feature maps side by side on one canvas, with places that can be pointed at and marked.

import { onColours, rgbOf } from "./colours.js";
import { make } from "./elements.js";

/** The space between two maps, in CSS pixels. */
const GAP = 6;
/** How long the longer side of a map is on the page, in CSS pixels, by its number of pixels. */
const SIDES = [[1, 22], [4, 34], [8, 46], [16, 58], [Infinity, 72]];
const STEPS = 256;
/** Weak values would hardly be seen in proportion, so they are shown stronger: half of the largest has 64 %. */
const GAMMA = 0.65;

/** Paints planes `[maps, height, width]`; the sign of a value is a colour, its size is how strong the colour is. */
export class MapGrid {
  #host;
  #canvas;
  #atlas = document.createElement("canvas");
  #marks = [];
  #isInk;
  #side;
  #shown = null;
  #layout = null;
  #cursor = null;
  #onPoint;

  /**
   * `isInk`: values are from 0, paper, to 1, ink. `side`: the length of a map's longer side. `onPoint(place, how)` is
   * called with `{ map, y, x }`, or `null` when the pointer leaves; `how` is `hover`, `click` or `key`.
   */
  constructor(host, { isInk = false, side = 0, onPoint = null } = {}) {
    this.#host = host;
    this.#canvas = host.querySelector("canvas") ?? host.appendChild(document.createElement("canvas"));
    this.#isInk = isInk;
    this.#side = side;
    this.#onPoint = onPoint;
    host.classList.add("map-grid");
    new ResizeObserver(() => this.#paint()).observe(host);
    onColours(() => this.#paint());
    if (onPoint) this.#listen();
  }

  /** Shows these values. The strongest colour is for values of the size `largest`. */
  show(values, [maps, height, width], largest) {
    this.#shown = { values, maps, height, width, largest };
    if (this.#cursor && !this.#isInside(this.#cursor)) this.#cursor = null;
    this.#paint();
  }

  clear() {
    this.#shown = null;
    this.#cursor = null;
    this.mark([]);
    this.#canvas.width = this.#canvas.width;
  }

  /** Marks places: `{ map, y, x, height, width, kind }`, where the kind is a class of the style sheet. */
  mark(places) {
    for (const element of this.#marks) element.remove();
    this.#marks = places.map(({ kind }) => this.#host.appendChild(make("div", `mark ${kind}`)));
    this.#marks.forEach((element, i) => {
      element.place = places[i];
    });
    this.#placeMarks();
  }

  #paint() {
    const { clientWidth } = this.#host;
    if (!this.#shown || clientWidth === 0) return;
    const layout = (this.#layout = this.#arrange(clientWidth));
    const { maps, height, width } = this.#shown;
    this.#paintAtlas();
    const canvas = this.#canvas;
    canvas.width = layout.deviceWidth;
    canvas.height = layout.deviceHeight;
    canvas.style.width = `${layout.deviceWidth / layout.ratio}px`;
    canvas.style.height = `${layout.deviceHeight / layout.ratio}px`;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    for (let map = 0; map < maps; map++) {
      const left = (map % layout.columns) * layout.stepX;
      const top = Math.floor(map / layout.columns) * layout.stepY;
      const size = [width * layout.scale, height * layout.scale];
      context.drawImage(this.#atlas, 0, map * height, width, height, left, top, ...size);
    }
    this.#placeMarks();
  }

  /** Each pixel of a map takes a whole number of the screen's pixels, so that all look the same. */
  #arrange(hostWidth) {
    const { maps, height, width } = this.#shown;
    const ratio = window.devicePixelRatio || 1;
    const longer = Math.max(height, width);
    const side = Math.min(this.#side || SIDES.find(([most]) => longer <= most)[1], hostWidth);
    const scale = Math.max(1, Math.floor((side * ratio) / longer));
    const gap = Math.round((longer === 1 ? 3 : GAP) * ratio);
    const [stepX, stepY] = [width * scale + gap, height * scale + gap];
    const columns = Math.max(1, Math.min(maps, Math.floor((hostWidth * ratio + gap) / stepX)));
    const rows = Math.ceil(maps / columns);
    return {
      ratio, scale, stepX, stepY, columns,
      deviceWidth: columns * stepX - gap,
      deviceHeight: rows * stepY - gap,
    };
  }

  /** All maps below each other, a pixel each. */
  #paintAtlas() {
    const { values, maps, height, width, largest } = this.#shown;
    this.#atlas.width = width;
    this.#atlas.height = maps * height;
    const context = this.#atlas.getContext("2d");
    const image = context.createImageData(width, maps * height);
    const pixels = new Uint32Array(image.data.buffer);
    const [zero, positive, negative] = this.#isInk ? ["paper", "ink", "wrong"] : ["panel", "right", "wrong"];
    const gamma = this.#isInk ? 1 : GAMMA;
    const [rising, falling] = [rampOf(zero, positive, gamma), rampOf(zero, negative, gamma)];
    const scale = largest > 0 ? (STEPS - 1) / largest : 0;
    for (let i = 0; i < pixels.length; i++) {
      const step = Math.min(STEPS - 1, Math.round(Math.abs(values[i]) * scale)) || 0;
      pixels[i] = values[i] < 0 ? falling[step] : rising[step];
    }
    context.putImageData(image, 0, 0);
  }

  #placeMarks() {
    const layout = this.#layout;
    for (const { style, place } of this.#marks) {
      if (!layout) continue;
      const { map, y, x, height = 1, width = 1 } = place;
      const left = (map % layout.columns) * layout.stepX + x * layout.scale;
      const top = Math.floor(map / layout.columns) * layout.stepY + y * layout.scale;
      const css = (pixels) => `${pixels / layout.ratio}px`;
      [style.left, style.top] = [css(left), css(top)];
      [style.width, style.height] = [css(width * layout.scale), css(height * layout.scale)];
    }
  }

  #listen() {
    const canvas = this.#canvas;
    canvas.addEventListener("pointermove", (event) => {
      // A finger that moves scrolls the page; it points by a tap.
      if (event.pointerType !== "touch") this.#point(this.#placeAt(event), "hover");
    });
    canvas.addEventListener("pointerleave", () => this.#onPoint(null, "hover"));
    canvas.addEventListener("click", (event) => this.#point(this.#placeAt(event), "click"));
    this.#host.addEventListener("keydown", (event) => this.#key(event));
    this.#host.addEventListener("focus", () => {
      // A click focuses as well, and points by itself.
      if (this.#host.matches(":focus-visible")) this.#point(this.#cursor ?? { map: 0, y: 0, x: 0 }, "key");
    });
  }

  #placeAt(event) {
    const layout = this.#layout;
    if (!layout || !this.#shown) return null;
    const { left, top } = this.#canvas.getBoundingClientRect();
    const [deviceX, deviceY] = [(event.clientX - left) * layout.ratio, (event.clientY - top) * layout.ratio];
    const [column, row] = [Math.floor(deviceX / layout.stepX), Math.floor(deviceY / layout.stepY)];
    const place = {
      map: row * layout.columns + column,
      y: Math.floor((deviceY - row * layout.stepY) / layout.scale),
      x: Math.floor((deviceX - column * layout.stepX) / layout.scale),
    };
    return column < layout.columns && this.#isInside(place) ? place : null;
  }

  #isInside({ map, y, x }) {
    const { maps, height, width } = this.#shown;
    return map >= 0 && map < maps && y >= 0 && y < height && x >= 0 && x < width;
  }

  #point(place, how) {
    if (!this.#shown) return;
    if (place) this.#cursor = place;
    if (place || how === "hover") this.#onPoint(place, how);
  }

  #key(event) {
    const columns = this.#layout?.columns ?? 1;
    const moves = {
      ArrowLeft: [0, 0, -1], ArrowRight: [0, 0, 1], ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0],
      PageUp: [-1, 0, 0], PageDown: [1, 0, 0], Home: [-columns, 0, 0], End: [columns, 0, 0],
    };
    const move = moves[event.key];
    if (!move || !this.#shown || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const { map, y, x } = this.#cursor ?? { map: 0, y: 0, x: 0 };
    let next = { map: map + move[0], y: y + move[1], x: x + move[2] };
    // Where a map ends, the arrows do not leave it, unless a map is a single pixel: then they go from map to map.
    const { height, width } = this.#shown;
    if (height * width === 1) next = { map: map + move[0] + move[1] * columns + move[2], y: 0, x: 0 };
    if (this.#isInside(next)) this.#point(next, "key");
  }
}

const ramps = new Map();

/** The colours from one to another, as the bytes of an image. */
function rampOf(from, to, gamma) {
  const [start, end] = [rgbOf(from), rgbOf(to)];
  const key = `${start} ${end} ${gamma}`;
  let ramp = ramps.get(key);
  if (!ramp) {
    const bytes = new Uint8ClampedArray(4 * STEPS);
    for (let step = 0; step < STEPS; step++) {
      const share = (step / (STEPS - 1)) ** gamma;
      for (let i = 0; i < 3; i++) bytes[4 * step + i] = start[i] + share * (end[i] - start[i]);
      bytes[4 * step + 3] = 255;
    }
    ramp = new Uint32Array(bytes.buffer);
    ramps.set(key, ramp);
  }
  return ramp;
}

/** The largest size of any value. */
export function largestOf(values) {
  let largest = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > largest) largest = size;
  }
  return largest;
}
