// Which models are shown, and how one takes the place of another.

import { SpokenError } from "./errors.js";
import { ModelFiles, fetchModelList } from "./engine/models.js";
import { Tensors } from "./explain/tensors.js";

/** The engine's slots: the model that is explained, and the one beside it. */
export const MAIN_SLOT = 0;
export const SECOND_SLOT = 1;

/** The models of the page. `onChange()` is called after each change of what is shown. */
export class Session {
  #engine;
  #files = new ModelFiles();
  /** Counts the wishes for each slot, so that a file that arrives late does not replace a newer wish. */
  #wishes = [0, 0];
  /** The last wish for each slot that has failed. */
  #failed = [0, 0];
  /** What is in each slot: `{ entry, epoch, description }`. */
  #loaded = [null, null];
  /** `{ title, file, epochs }`, first those that lie beside the page. */
  list = [];
  /** `{ entry, epoch, description, tensors }`; the epoch is an index into the entry's epochs, or -1 for the file. */
  main = null;
  second = null;
  onChange = () => {};

  constructor(engine) {
    this.#engine = engine;
  }

  /** The slots that answer a drawing. */
  get slots() {
    return this.second ? [MAIN_SLOT, SECOND_SLOT] : [MAIN_SLOT];
  }

  /** Starts the engine and shows the first model. Everything is fetched at the same time. */
  async start() {
    const starting = this.#engine.start();
    if (this.#engine.canExplain()) {
      const first = fetchModelList().then((list) => {
        this.list = list;
        return this.#files.get(list[0].file);
      });
      // Both are awaited, so that an error of one is not lost while the other is under way.
      const [started, fetched] = await Promise.allSettled([starting, first]);
      for (const { status, reason } of [started, fetched]) if (status === "rejected") throw reason;
    } else {
      await starting;
      this.list = [{ title: "", file: "", epochs: [] }];
    }
    await this.selectMain(this.list[0]);
  }

  /** Shows a model: the file itself, or the weights after one of its epochs. */
  async selectMain(entry, epoch = -1) {
    const description = await this.#load(MAIN_SLOT, entry, epoch);
    if (!description) return;
    // A drawing becomes an input of one size, so a second model of another size has to go.
    if (this.second && !isOfSameInput(this.second.description, description)) this.second = null;
    this.main = { entry, epoch, description, tensors: new Tensors(this.#engine, MAIN_SLOT) };
    this.onChange();
  }

  /** Shows a second model beside the first, or none. */
  async selectSecond(entry) {
    if (!entry) {
      this.#wishes[SECOND_SLOT]++;
      this.second = null;
      return this.onChange();
    }
    const description = await this.#load(SECOND_SLOT, entry, -1);
    if (!description) return;
    if (!isOfSameInput(this.main.description, description)) {
      // The slot holds the model that was not wanted, so the one before cannot answer any more.
      this.second = null;
      this.onChange();
      throw new SpokenError("other-input", { title: entry.title });
    }
    this.second = { entry, description };
    this.onChange();
  }

  /** Adds a model file of the reader to the list, and shows it. A file that is no model is not added. */
  async open(file) {
    const name = await this.#files.open(file);
    const entry = { title: name.replace(/\.safetensors$/i, ""), file: name, epochs: [] };
    try {
      await this.selectMain(entry);
    } catch (error) {
      this.#files.forget(name);
      throw error;
    }
    this.list.push(entry);
    this.onChange();
  }

  /** Resolves to the description, or to `null` if the reader has wished for another model meanwhile. */
  async #load(slot, entry, epoch) {
    const wish = ++this.#wishes[slot];
    const isServer = !this.#engine.canExplain();
    const file = epoch < 0 ? entry.file : entry.epochs[epoch].file;
    try {
      const bytes = isServer ? null : await this.#files.get(file);
      if (wish !== this.#wishes[slot]) return null;
      const description = await this.#engine.load(slot, bytes);
      this.#loaded[slot] = { entry, epoch, description };
    } catch (error) {
      if (wish === this.#wishes[slot]) this.#failed[slot] = wish;
      this.#showLoaded(slot);
      throw error;
    }
    if (wish === this.#wishes[slot]) return this.#loaded[slot].description;
    this.#showLoaded(slot);
    return null;
  }

  /**
   * After a newer wish has failed, shows what is in the slot: perhaps a model that was wished for before it and has come
   * too late to be shown.
   */
  #showLoaded(slot) {
    const loaded = this.#loaded[slot];
    const shown = slot === MAIN_SLOT ? this.main : this.second;
    const isShown = loaded?.description === shown?.description;
    if (!loaded || !shown || isShown || this.#failed[slot] !== this.#wishes[slot]) return;
    if (slot === MAIN_SLOT) this.main = { ...loaded, tensors: new Tensors(this.#engine, MAIN_SLOT) };
    else this.second = loaded;
    this.onChange();
  }
}

function isOfSameInput(a, b) {
  return a.input.join() === b.input.join();
}
