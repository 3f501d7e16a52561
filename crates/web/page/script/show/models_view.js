// The choice of models, of an epoch and of a second model, and what the model shown is.

import { words } from "../words/language.js";
import { byId } from "./elements.js";

/** How long each epoch is shown when all are played, in milliseconds. */
const PLAY_MS = 600;

/** The controls. `onMain(entry, epoch)` and `onSecond(entry)` take the reader's wishes. */
export class ModelsView {
  #session;
  #playing = 0;
  /** The model whose epochs are played. */
  #played = null;
  #onMain;

  constructor(session, { onMain, onSecond }) {
    this.#session = session;
    this.#onMain = onMain;
    const entryOf = (select) => session.list[Number(select.value)] ?? null;
    byId("model").addEventListener("change", (event) => {
      this.#stop();
      onMain(entryOf(event.target), -1);
    });
    byId("second").addEventListener("change", (event) => onSecond(event.target.value === "" ? null : entryOf(event.target)));
    byId("epochs").addEventListener("input", () => {
      this.#stop();
      this.#wishEpoch();
    });
    byId("play").addEventListener("click", () => (this.#playing ? this.#stop() : this.#play()));
  }

  /** Brings the controls to what is shown. */
  show() {
    const { list, main, second } = this.#session;
    const options = () => list.map(({ title }, index) => new Option(title, String(index)));
    byId("model").replaceChildren(...options());
    byId("second").replaceChildren(new Option(words("no-second"), ""), ...options());
    byId("model").value = String(list.indexOf(main?.entry));
    byId("second").value = second ? String(list.indexOf(second.entry)) : "";
    byId("second-panel").hidden = !second;
    this.#showEpochs(main);
    byId("facts").textContent = main ? factsOf(main.description) : "";
  }

  #showEpochs(main) {
    // A file that the reader opens takes the place of a model whose epochs are played.
    if (this.#playing && main?.entry !== this.#played) this.#stop();
    const epochs = main?.entry.epochs ?? [];
    byId("epochs-part").hidden = epochs.length === 0;
    if (epochs.length === 0) return;
    const slider = byId("epochs");
    slider.max = String(epochs.length);
    slider.value = String(main.epoch < 0 ? epochs.length : main.epoch);
    this.#nameEpoch(main.epoch < 0 ? epochs.length : main.epoch);
  }

  /** The last place of the slider is the model itself, which need not be the last epoch's. */
  #nameEpoch(index) {
    const { epochs } = this.#session.main.entry;
    const epoch = epochs[index]?.epoch;
    const name = index === epochs.length ? words("epoch-model") : words(epoch === 0 ? "epoch-zero" : "epoch", { epoch });
    byId("epoch-name").textContent = name;
    byId("epochs").setAttribute("aria-valuetext", name);
  }

  #wishEpoch() {
    const { entry } = this.#session.main;
    const index = Number(byId("epochs").value);
    this.#nameEpoch(index);
    this.#onMain(entry, index === entry.epochs.length ? -1 : index);
  }

  #play() {
    const slider = byId("epochs");
    slider.value = "0";
    this.#played = this.#session.main.entry;
    this.#wishEpoch();
    this.#playing = setInterval(() => {
      slider.value = String(Number(slider.value) + 1);
      this.#wishEpoch();
      if (slider.value === slider.max) this.#stop();
    }, PLAY_MS);
    byId("play").textContent = words("stop");
  }

  #stop() {
    clearInterval(this.#playing);
    this.#playing = 0;
    byId("play").textContent = words("play");
  }
}

/** Which model this is: its run, what it learned from, the program's version, and its weights' hash. */
function factsOf({ title, source, classes, input, parameters }) {
  const values = {
    title, run: source.run ?? "–", dataset: source.dataset ?? "–", version: source.version ?? "–",
    hash: (source.weights_sha256 ?? "–").slice(0, 12),
    classes: classes.length, height: input[1], width: input[2],
    parameters: parameters?.toLocaleString(document.documentElement.lang) ?? "",
  };
  return words(parameters ? "facts" : "facts-short", values);
}

/** A sentence on how images become the model's input. */
export function preparationWords({ preparation, input: [, height, width] }) {
  return words(`seen-${preparation === "ink" ? "ink" : "resize"}`, { height, width });
}
