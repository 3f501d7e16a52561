// The network in WebAssembly: its exported functions, with JavaScript's values in place of addresses.

import { SpokenError } from "../errors.js";
import { bytesOf, fetchFresh, isWebPage } from "./fetching.js";

/** A module of one function that uses two SIMD instructions. Where it is not valid, the engine is not either. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** What the engine has to export beside its memory. A file of another version may lack some. */
const FUNCTIONS = [
  "allocate", "release", "load_model", "describe", "read", "read_drawing", "classify", "trace", "tensor",
  "text", "text_len", "values", "values_len",
];

/** Fetches the engine. Resolves to a function that starts one, which can be called again. */
export async function compileEngine(address) {
  if (typeof WebAssembly === "undefined" || !WebAssembly.validate(SIMD_PROBE)) throw new SpokenError("no-simd");
  const module = await compileAny(await fetchFresh(address), address);
  return async () => {
    const { exports } = await WebAssembly.instantiate(module, {});
    const missing = FUNCTIONS.filter((name) => typeof exports[name] !== "function");
    if (missing.length > 0) throw new SpokenError("broken-engine", { file: address, reason: missing.join(", ") });
    return new WasmEngine(exports);
  };
}

/** Compiles while the bytes arrive, if the server says that they are WebAssembly. Many servers do not. */
async function compileAny(response, address) {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/wasm") && WebAssembly.compileStreaming) {
    try {
      return await WebAssembly.compileStreaming(response.clone());
    } catch {
      // The bytes are looked at below, where it can be said what is wrong with them.
    }
  }
  const bytes = await bytesOf(response, address);
  if (isWebPage(bytes)) throw new SpokenError("web-page-instead", { file: address });
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new SpokenError("broken-engine", { file: address, reason: error.message });
  }
}

/** A running engine. A function that fails throws a SpokenError; a panic in it is a WebAssembly.RuntimeError. */
export class WasmEngine {
  #exports;

  constructor(exports) {
    this.#exports = exports;
  }

  /** Puts a model into a slot, 0 to 7, and describes it. */
  loadModel(slot, bytes) {
    this.#withBytes(bytes, (at) => this.#check(this.#exports.load_model(slot, at, bytes.length), "model-refused"));
    this.#check(this.#exports.describe(slot), "model-refused");
    return JSON.parse(this.#text());
  }

  /** Reads an image of any size, 4 bytes a pixel. `one` says that it shows exactly one thing. */
  read(slot, rgba, width, height, one) {
    return this.#withBytes(rgba, (at) => {
      this.#check(this.#exports.read(slot, at, width, height, one ? 1 : 0), "engine-refused");
      return JSON.parse(this.#text());
    });
  }

  /** Reads a drawing, whose opacity is the ink. */
  readDrawing(slot, rgba, width, height) {
    return this.#withBytes(rgba, (at) => {
      this.#check(this.#exports.read_drawing(slot, at, width, height), "engine-refused");
      return JSON.parse(this.#text());
    });
  }

  /** What the network says about its own input, and the numbers in each of its layers. */
  look(slot, pixels) {
    return this.#withBytes(pixels, (at) => {
      this.#check(this.#exports.classify(slot, at, pixels.length), "engine-refused");
      const answer = JSON.parse(this.#text());
      this.#check(this.#exports.trace(slot, at, pixels.length), "engine-refused");
      return { answer, layers: JSON.parse(this.#text()), values: this.#values() };
    });
  }

  /** A tensor of the network by its name, such as `units.0.conv.weight`. */
  tensor(slot, name) {
    const bytes = new TextEncoder().encode(name);
    return this.#withBytes(bytes, (at) => {
      this.#check(this.#exports.tensor(slot, at, bytes.length), "engine-refused");
      return { shape: JSON.parse(this.#text()), values: this.#values() };
    });
  }

  /** Lends bytes to the engine. The memory may move when it grows, so its views are made anew each time. */
  #withBytes(bytes, use) {
    let at = this.#exports.allocate(bytes.length);
    new Uint8Array(this.#exports.memory.buffer, at, bytes.length).set(bytes);
    try {
      return use(at);
    } catch (error) {
      // After a panic the engine is not called again, because its memory cannot be trusted.
      if (!(error instanceof SpokenError)) at = 0;
      throw error;
    } finally {
      if (at) this.#exports.release(at, bytes.length);
    }
  }

  #check(ok, key) {
    if (!ok) throw new SpokenError(key, { reason: this.#text() });
  }

  #text() {
    const { text, text_len: length, memory } = this.#exports;
    return new TextDecoder().decode(new Uint8Array(memory.buffer, text(), length()));
  }

  #values() {
    const { values, values_len: length, memory } = this.#exports;
    return new Float32Array(memory.buffer, values(), length()).slice();
  }
}
