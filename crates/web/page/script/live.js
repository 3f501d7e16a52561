// Reads the drawing while it is drawn: one request at a time, and always the newest drawing.

import { decodeBase64 } from "./engine/base64.js";
import { layersOf } from "./explain/layers.js";
import { MAIN_SLOT } from "./session.js";

/**
 * Asks the engine. `image()` gives the drawing as an image; `onRead(answers, ms)`, `onLook(look, answer)` and
 * `onError(error)` take what comes of it. Answers to a drawing that is no longer there are dropped.
 */
export class LiveReader {
  #engine;
  #session;
  #image;
  #handlers;
  /** Grows when older answers lose their meaning: the pad was cleared, or another model is shown. */
  #generation = 0;
  #wantsReading = false;
  #wantsLook = false;
  #isBusy = false;
  /** The network's input that is looked at, before it is shifted. */
  #input = null;
  shift = { down: 0, right: 0 };

  constructor({ engine, session, image, ...handlers }) {
    this.#engine = engine;
    this.#session = session;
    this.#image = image;
    this.#handlers = handlers;
  }

  /** The drawing has changed, or the models have. */
  read() {
    this.#wantsReading = true;
    this.#run();
  }

  /** Looks into the network at this input, which is base64 text of an answer, or at none. */
  lookAt(pixels) {
    this.#input = pixels ? decodeBase64(pixels) : null;
    this.#wantsLook = this.#engine.canExplain() && this.#input !== null;
    this.#run();
  }

  /** Moves the input by whole pixels. Zeros come in at the border, as they lie around every image. */
  shiftTo(shift) {
    this.shift = shift;
    this.#wantsLook = this.#engine.canExplain() && this.#input !== null;
    this.#run();
  }

  /** Drops whatever is asked for. */
  forget() {
    this.#generation++;
    this.#wantsReading = this.#wantsLook = false;
    this.#input = null;
  }

  async #run() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#wantsReading || this.#wantsLook) {
      const generation = this.#generation;
      const isNew = () => generation === this.#generation;
      try {
        if (this.#wantsReading) await this.#readOnce(isNew);
        if (this.#wantsLook && isNew()) await this.#lookOnce(isNew);
      } catch (error) {
        if (isNew()) this.#handlers.onError(error);
      }
    }
    this.#isBusy = false;
  }

  async #readOnce(isNew) {
    this.#wantsReading = false;
    const { image, one } = this.#image();
    const { answers, ms } = await this.#engine.read(this.#session.slots, image, one);
    if (isNew()) this.#handlers.onRead(answers.map((answer) => inDrawing(answer, image)), ms);
  }

  async #lookOnce(isNew) {
    this.#wantsLook = false;
    const { description } = this.#session.main;
    const pixels = shifted(this.#input, description.input, this.shift);
    const { answer, layers, values } = await this.#engine.look(MAIN_SLOT, pixels);
    if (isNew()) this.#handlers.onLook(layersOf(pixels, description.input, { layers, values }), answer);
  }
}

/** An answer whose boxes lie in the drawing itself, of which the engine was given only a part. */
function inDrawing(answer, { left = 0, top = 0, scale = 1 }) {
  const place = ({ box: [x, y, width, height], ...item }) =>
    ({ ...item, box: [left + x / scale, top + y / scale, width / scale, height / scale] });
  return { ...answer, items: answer.items.map(place) };
}

/** Pixels `[channels, height, width]` moved by whole pixels. What leaves the image is lost. */
function shifted(pixels, [channels, height, width], { down, right }) {
  const moved = new Uint8Array(pixels.length);
  for (let row = 0; row < channels * height; row++) {
    const [channel, y] = [Math.floor(row / height), row % height];
    if (y - down < 0 || y - down >= height) continue;
    const source = (channel * height + y - down) * width;
    for (let x = Math.max(0, right); x < Math.min(width, width + right); x++) {
      moved[row * width + x] = pixels[source + x - right];
    }
  }
  return moved;
}
