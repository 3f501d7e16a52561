// The engine as the page sees it: promises in place of messages, and a new worker in place of a broken one.

import { SpokenError } from "../errors.js";

const ENGINE_FILE = "engine.wasm";
/** A request that takes longer will not come back. A photograph of 4 megapixels takes a fraction of a second. */
const PATIENCE_MS = 30_000;
/** So many restarts within a minute are no accident any more. */
const MOST_RESTARTS = 4;

/** Computes in a worker of this browser. */
export class BrowserEngine {
  #script;
  #worker = null;
  #nextId = 1;
  #pending = new Map();
  /** The bytes in each slot, from which a new worker is filled. */
  #models = new Map();
  #restarts = [];
  #hasStarted = false;
  /** Requests wait until a new worker has its models. */
  #replacing = null;

  constructor(script) {
    this.#script = script;
  }

  canExplain() {
    return true;
  }

  async start() {
    this.#open();
    await this.#send("start", { address: ENGINE_FILE });
    this.#hasStarted = true;
  }

  /** Puts a model file's bytes into a slot. Resolves to the model's description. */
  async load(slot, bytes) {
    const description = await this.#request("load", { slot, bytes });
    this.#models.set(slot, bytes);
    return description;
  }

  /**
   * Resolves to `{ answers, ms }`: an answer for each slot, and how long the first took. The image's bytes are handed
   * over and cannot be used afterwards.
   */
  read(slots, { rgba, width, height, isDrawn }, one) {
    return this.#request("read", { slots, rgba, width, height, isDrawn, one }, [rgba.buffer]);
  }

  /** Resolves to the answer for the network's own input, and to its layers' numbers. */
  look(slot, pixels) {
    return this.#request("look", { slot, pixels });
  }

  tensor(slot, name) {
    return this.#request("tensor", { slot, name });
  }

  async #request(task, fields, transfer) {
    await this.#replacing;
    return this.#send(task, fields, transfer);
  }

  #open() {
    try {
      this.#worker = new Worker(this.#script);
    } catch (error) {
      throw new SpokenError("no-worker", { reason: error.message });
    }
    this.#worker.onmessage = ({ data }) => this.#settle(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#replace(new SpokenError(this.#hasStarted ? "worker-crash" : "no-worker", { reason: event.message || "?" }));
    };
  }

  #send(task, fields, transfer = []) {
    if (!this.#worker) return Promise.reject(new SpokenError("engine-down"));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const late = () => this.#replace(new SpokenError("worker-crash", { reason: `${PATIENCE_MS / 1000} s` }));
      // To start is to fetch the engine, which takes as long as the network takes.
      const timer = task === "start" ? null : setTimeout(late, PATIENCE_MS);
      this.#pending.set(id, { resolve, reject, timer });
      this.#worker.postMessage({ id, task, ...fields }, transfer);
    });
  }

  #settle({ id, result, error }) {
    const request = this.#pending.get(id);
    if (!request) return;
    this.#pending.delete(id);
    clearTimeout(request.timer);
    if (error) request.reject(new SpokenError(error.key, error.values));
    else request.resolve(result);
  }

  /** Ends the worker, fails what it had not answered, and fills a new one with the same models. */
  #replace(reason) {
    this.#worker?.terminate();
    this.#worker = null;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, timer } of pending) {
      clearTimeout(timer);
      reject(reason);
    }
    const now = performance.now();
    this.#restarts = [...this.#restarts.filter((time) => now - time < 60_000), now];
    // A worker that never ran would not run the next time either.
    if (this.#hasStarted && this.#restarts.length <= MOST_RESTARTS) this.#replacing = this.#fillNewWorker();
  }

  async #fillNewWorker() {
    try {
      await this.start();
      for (const [slot, bytes] of this.#models) await this.#send("load", { slot, bytes });
    } catch {
      // The next request says what is wrong.
    }
  }
}
