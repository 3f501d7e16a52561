// The worker: it answers the page's requests one by one, so that drawing never waits for the network.

import { asSpoken } from "../errors.js";
import { startEngine } from "./wasm.js";

const TASKS = {
  load: (engine, { slot, bytes }) => engine.loadModel(slot, bytes),
  read: (engine, { slots, rgba, width, height, one }) => {
    const since = performance.now();
    const first = engine.read(slots[0], rgba, width, height, one);
    const ms = performance.now() - since;
    return { answers: [first, ...slots.slice(1).map((slot) => engine.read(slot, rgba, width, height, one))], ms };
  },
  look: (engine, { slot, pixels }) => engine.look(slot, pixels),
  tensor: (engine, { slot, name }) => engine.tensor(slot, name),
};

/** Answers messages `{ id, task, ... }` with `{ id, result }` or `{ id, error: { key, values }, isTrap }`. */
export function runWorker() {
  let starting = null;
  self.onmessage = async ({ data }) => {
    const { id, task } = data;
    try {
      if (task === "start") {
        starting = startEngine(data.address);
        await starting;
        self.postMessage({ id, result: true });
        return;
      }
      const result = TASKS[task](await starting, data);
      self.postMessage({ id, result }, result.values ? [result.values.buffer] : []);
    } catch (error) {
      self.postMessage({ id, error: messageOf(error), isTrap: isTrap(error) });
    }
  };
}

/** After a panic the engine's memory cannot be trusted, so the page starts a new worker. */
function isTrap(error) {
  return typeof WebAssembly !== "undefined" && error instanceof WebAssembly.RuntimeError;
}

function messageOf(error) {
  if (isTrap(error)) return { key: "trap", values: { reason: error.message } };
  const { key, values } = asSpoken(error);
  return { key, values };
}
