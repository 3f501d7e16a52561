// A model's weights, fetched from the engine when an explanation needs them.

/** The tensors of the model in a slot. A new model gets a new object. */
export class Tensors {
  #engine;
  #slot;
  #known = new Map();

  constructor(engine, slot) {
    this.#engine = engine;
    this.#slot = slot;
  }

  /** Resolves to a tensor's numbers, row by row. */
  get(name) {
    let values = this.#known.get(name);
    if (!values) {
      values = this.#engine.tensor(this.#slot, name).then((tensor) => tensor.values);
      values.catch(() => this.#known.delete(name));
      this.#known.set(name, values);
    }
    return values;
  }
}
