// The worker: it answers the page's requests one by one, so that drawing never waits for the network.

import { SpokenError, asSpoken } from "../errors.js";
import { compileEngine } from "./wasm.js";

const TASKS = {
  load: (engine, { slot, bytes }) => engine.loadModel(slot, bytes),
  read: (engine, { slots, rgba, width, height, isDrawn, one }) => {
    const read = (slot) =>
      isDrawn ? engine.readDrawing(slot, rgba, width, height) : engine.read(slot, rgba, width, height, one);
    const since = performance.now();
    const first = read(slots[0]);
    const ms = performance.now() - since;
    return { answers: [first, ...slots.slice(1).map(read)], ms };
  },
  look: (engine, { slot, pixels }) => engine.look(slot, pixels),
  tensor: (engine, { slot, name }) => engine.tensor(slot, name),
};

/** Answers messages `{ id, task, ... }` with `{ id, result }` or `{ id, error: { key, values } }`. */
export function runWorker() {
  /** Makes engines, and the one that computes. Both are promises, for which later messages wait. */
  let compiled = null;
  let engine = null;
  /** The bytes in each slot, from which a new engine is filled. */
  const models = new Map();

  const answer = async (data) => {
    if (data.task === "start") {
      compiled = compileEngine(data.address);
      engine = compiled.then((start) => start());
      await engine;
      return true;
    }
    const result = TASKS[data.task](await engine, data);
    if (data.task === "load") models.set(data.slot, data.bytes);
    return result;
  };

  /** After a panic the engine's memory cannot be trusted, so a new one takes its place. */
  const replace = async () => {
    const fresh = await (await compiled)();
    for (const [slot, bytes] of models) fresh.loadModel(slot, bytes);
    return fresh;
  };

  self.onmessage = async ({ data }) => {
    const { id } = data;
    try {
      const result = await answer(data);
      self.postMessage({ id, result }, result.values ? [result.values.buffer] : []);
    } catch (error) {
      if (isTrap(error)) engine = replace();
      const { key, values } = isTrap(error) ? new SpokenError("trap", { reason: error.message }) : asSpoken(error);
      self.postMessage({ id, error: { key, values } });
    }
  };
}

function isTrap(error) {
  return typeof WebAssembly !== "undefined" && error instanceof WebAssembly.RuntimeError;
}
