// The browser's engine outside of a browser: what the page shows is compared with what it computes here.

import { readFile } from "node:fs/promises";

export class Engine {
  #exports;

  // Starts the engine of the file `wasm` with the model of the file `model` in its first slot.
  static async start(wasm, model) {
    const engine = new Engine();
    engine.#exports = (await WebAssembly.instantiate(await readFile(wasm), {})).instance.exports;
    engine.#with(await readFile(model), (at, length) => engine.#must(engine.#exports.load_model(0, at, length)));
    engine.#must(engine.#exports.describe(0));
    engine.description = JSON.parse(engine.#text());
    return engine;
  }

  // The answer to an image of any size, four bytes a pixel: several digits as a number.
  read(rgba, width, height) {
    return this.#with(rgba, (at) => {
      this.#must(this.#exports.read(0, at, width, height, 0));
      return JSON.parse(this.#text());
    });
  }

  // The answer to one input of the network.
  classify(pixels) {
    return this.#with(pixels, (at, length) => {
      this.#must(this.#exports.classify(0, at, length));
      return JSON.parse(this.#text());
    });
  }

  // The layers of one input, each with its numbers.
  trace(pixels) {
    return this.#with(pixels, (at, length) => {
      this.#must(this.#exports.trace(0, at, length));
      const values = this.#values();
      let start = 0;
      return JSON.parse(this.#text()).map((layer) => {
        const length = layer.shape.reduce((a, b) => a * b, 1);
        start += length;
        return { ...layer, values: values.subarray(start - length, start) };
      });
    });
  }

  // The logits of one input.
  logits(pixels) {
    return this.#with(pixels, (at, length) => {
      this.#must(this.#exports.logits(0, at, length, 1));
      return this.#values();
    });
  }

  tensor(name) {
    return this.#with(Buffer.from(name), (at, length) => {
      this.#must(this.#exports.tensor(0, at, length));
      return { shape: JSON.parse(this.#text()), values: this.#values() };
    });
  }

  // Views of the memory are made anew for each use, because it may have grown.
  #with(content, use) {
    const at = this.#exports.allocate(content.length);
    new Uint8Array(this.#exports.memory.buffer, at, content.length).set(content);
    try {
      return use(at, content.length);
    } finally {
      this.#exports.release(at, content.length);
    }
  }

  #text() {
    return new TextDecoder().decode(new Uint8Array(this.#exports.memory.buffer, this.#exports.text(), this.#exports.text_len()));
  }

  #values() {
    return new Float32Array(this.#exports.memory.buffer, this.#exports.values(), this.#exports.values_len()).slice();
  }

  #must(done) {
    if (done !== 1) throw new Error(this.#text());
  }
}
