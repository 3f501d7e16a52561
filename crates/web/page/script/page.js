// The page: what is drawn goes to the engine, and what the engine says is shown.

import { BrowserEngine } from "./engine/browser_engine.js";
import { ServerEngine } from "./engine/server_engine.js";
import { SpokenError } from "./errors.js";
import { EvidenceView } from "./explain/evidence_view.js";
import { Explanation } from "./explain/explanation.js";
import { UnitMaps } from "./explain/unit_maps.js";
import { LiveReader } from "./live.js";
import { Drawing } from "./pad/drawing.js";
import { canReadCanvas, inkImage } from "./pad/ink.js";
import { PadView } from "./pad/pad_view.js";
import { decodePicture, isModelFile, pictureImage, receiveFiles } from "./pad/picture.js";
import { penWidth, setUpTools, updateTools } from "./pad/tools.js";
import { Session } from "./session.js";
import { say, showAnswer, showSecondAnswer } from "./show/answer.js";
import { BarList } from "./show/bars.js";
import { watchColours } from "./show/colours.js";
import { byId } from "./show/elements.js";
import { ModelsView, preparationWords } from "./show/models_view.js";
import { clearProblem, showProblem, watchProblems } from "./show/problem.js";
import { SeenView } from "./show/seen.js";
import { beginLanguage, onLanguage, switchLanguage, words } from "./words/language.js";

const STATES = { read: "read", "not-sure": "not-sure", "no-digit": "no-digit" };

/** Errors that may be over soon, and when the same drawing is asked about again. */
const ASK_AGAIN = ["server-busy", "server-unreachable", "worker-crash"];
const ASK_AGAIN_MS = 1500;

/** Starts the page. `script` is the address of this script, which is the worker's as well. */
export function startPage(script) {
  beginLanguage();
  watchProblems();
  watchColours();
  byId("language").addEventListener("click", switchLanguage);
  byId("started").hidden = false;
  new Page(script).start();
}

class Page {
  #drawing = new Drawing();
  #engine;
  #session;
  #live;
  #pad;
  #views;
  #state = "loading";
  #answers = [];
  /** The digit that is looked at, and the class that is explained; -1 is the class that was read. */
  #item = 0;
  #class = -1;
  /** What the network computed from the digit that is looked at, and what it says about it. */
  #look = null;
  #lookAnswer = null;
  #timing = { ready_ms: null, last_ms: null };
  #shownUnits = "";

  constructor(script) {
    const isServer = document.documentElement.dataset.engine === "api";
    this.#engine = isServer ? new ServerEngine() : new BrowserEngine(script);
    document.documentElement.classList.toggle("no-explanations", !this.#engine.canExplain());
    this.#session = new Session(this.#engine);
    this.#live = new LiveReader({
      engine: this.#engine,
      session: this.#session,
      image: () => ({ image: this.#image(), one: false }),
      onRead: (answers, ms) => this.#showReading(answers, ms),
      onLook: (look, answer) => this.#showLook(look, answer),
      onError: (error) => this.#fail("engine", error),
    });
    this.#pad = new PadView({ canvas: byId("pad"), boxes: byId("boxes"), drawing: this.#drawing, pen: penWidth });
    this.#views = this.#makeViews();
    this.#listen();
  }

  async start() {
    window.mnist = {
      read: () => this.#answers[0] ?? null,
      model: () => this.#session.main?.description ?? null,
      timing: this.#timing,
    };
    this.#show();
    try {
      if (location.protocol === "file:") throw new SpokenError("from-disk");
      if (!canReadCanvas()) throw new SpokenError("canvas");
      await this.#session.start();
    } catch (error) {
      this.#fail("engine", error);
      return;
    }
    this.#timing.ready_ms = performance.now();
    document.documentElement.dataset.ready = "true";
  }

  #makeViews() {
    const source = () =>
      this.#look && { look: this.#look, description: this.#session.main.description, tensors: this.#session.main.tensors };
    const choose = (chosen) => {
      this.#class = chosen === this.#shownClass() && this.#class >= 0 ? -1 : chosen;
      this.#showEvidence();
    };
    const maps = new UnitMaps((place, how) => explanation.point(place, how));
    const seen = new SeenView({
      onChoose: (item) => {
        this.#item = item;
        this.#showItem();
      },
      onShift: (shift) => this.#live.shiftTo(shift),
    });
    const explanation = new Explanation({
      source,
      say,
      mark: (places, field) => {
        maps.mark(places);
        seen.mark(field);
      },
    });
    return {
      maps, seen, explanation,
      bars: new BarList(byId("bars"), this.#engine.canExplain() ? choose : null),
      secondBars: new BarList(byId("second-bars")),
      evidence: new EvidenceView({ source, onChoose: choose }),
      models: new ModelsView(this.#session, {
        onMain: (entry, epoch) => this.#tryModel(() => this.#session.selectMain(entry, epoch)),
        onSecond: (entry) => this.#tryModel(() => this.#session.selectSecond(entry)),
      }),
    };
  }

  #listen() {
    this.#drawing.onChange = () => this.#changed();
    this.#session.onChange = () => this.#showModels();
    setUpTools({ drawing: this.#drawing, padWidth: () => this.#pad.width });
    updateTools(this.#drawing);
    const inputs = ["file", "camera", "model-file"].map(byId);
    receiveFiles({ inputs, page: document.documentElement, take: (file) => this.#take(file) });
    onLanguage(() => this.#translate());
  }

  /** Says everything again, in another language. */
  #translate() {
    const { main } = this.#session;
    if (main) {
      this.#views.models.show();
      if (this.#engine.canExplain()) this.#views.maps.setModel(main.description);
      byId("seen-words").textContent = preparationWords(main.description);
    }
    this.#views.seen.translate();
    this.#show();
    this.#showInside();
  }

  /** A file that was chosen, pasted or dropped: an image or a model. */
  async #take(file) {
    if (isModelFile(file)) return this.#tryModel(() => this.#session.open(file));
    try {
      this.#drawing.show(await decodePicture(file));
      clearProblem("picture");
    } catch (error) {
      showProblem("picture", error);
    }
  }

  async #tryModel(change) {
    try {
      await change();
      clearProblem("model");
    } catch (error) {
      showProblem("model", error);
      this.#views.models.show();
    }
  }

  #image() {
    const { picture, strokes } = this.#drawing;
    return picture ? pictureImage(picture) : inkImage(strokes, this.#pad.width);
  }

  /** The drawing has changed. */
  #changed() {
    this.#pad.draw();
    updateTools(this.#drawing);
    clearProblem("picture");
    this.#live.shift = this.#views.seen.resetShift();
    if (!this.#session.main) return;
    if (this.#drawing.isEmpty) return this.#forget();
    if (this.#state === "empty") {
      this.#state = "loading";
      this.#show();
    }
    this.#live.read();
  }

  /** Nothing is on the pad, so nothing is said about it. */
  #forget() {
    this.#live.forget();
    clearProblem("engine");
    this.#state = "empty";
    this.#answers = [];
    this.#item = 0;
    this.#class = -1;
    this.#look = this.#lookAnswer = null;
    this.#show();
  }

  /** Another model is shown, or a second one, or none any more. */
  #showModels() {
    const { main, second } = this.#session;
    const { models, maps, bars, secondBars, seen, explanation } = this.#views;
    models.show();
    this.#live.forget();
    this.#look = null;
    const shown = JSON.stringify([main.description.units, main.description.classes, second?.description.classes]);
    if (shown !== this.#shownUnits) {
      this.#shownUnits = shown;
      this.#class = -1;
      bars.setClasses(main.description.classes);
      secondBars.setClasses(second?.description.classes ?? []);
      if (this.#engine.canExplain()) maps.setModel(main.description);
      explanation.forget();
    }
    seen.setModel(main.description);
    byId("seen-words").textContent = preparationWords(main.description);
    if (this.#drawing.isEmpty) this.#forget();
    else this.#live.read();
  }

  #fail(part, error) {
    this.#state = "error";
    this.#answers = [];
    this.#look = this.#lookAnswer = null;
    showProblem(part, error);
    this.#show();
    if (ASK_AGAIN.includes(error.key)) setTimeout(() => this.#drawing.isEmpty || this.#live.read(), ASK_AGAIN_MS);
  }

  #showReading(answers, ms) {
    this.#timing.last_ms = ms;
    this.#answers = answers;
    this.#state = STATES[answers[0].status] ?? "error";
    clearProblem("engine");
    const { items } = answers[0];
    if (this.#item >= items.length) this.#item = 0;
    if (items.length === 0) this.#look = this.#lookAnswer = null;
    this.#show();
    this.#live.lookAt(items[this.#item]?.pixels ?? null);
  }

  #showItem() {
    this.#show();
    this.#live.lookAt(this.#answers[0]?.items[this.#item]?.pixels ?? null);
  }

  #showLook(look, answer) {
    [this.#look, this.#lookAnswer] = [look, answer];
    this.#showInside();
  }

  /** Shows everything that is known about the drawing. */
  #show() {
    const { main, second } = this.#session;
    const answer = this.#answers[0] ?? null;
    const items = answer?.items ?? [];
    showAnswer(this.#state, answer, second ? main.entry.title : "");
    this.#pad.showBoxes(this.#state === "no-digit" ? [] : items);
    showBars(this.#views.bars, items[this.#item]);
    byId("bars-words").textContent = this.#wordsOfBars(items.length);
    if (second) {
      const other = this.#answers[1] ?? null;
      showSecondAnswer(STATES[other?.status] ?? this.#state, other, second.entry.title);
      showBars(this.#views.secondBars, other?.items[this.#item] ?? other?.items[0]);
    }
    this.#views.seen.showItems(items, this.#item);
    if (items.length === 0 || this.#look) this.#showInside();
  }

  #wordsOfBars(count) {
    const item = count > 1 ? words("bars-item", { n: this.#item + 1, count }) : words("bars-softmax");
    return this.#engine.canExplain() ? `${item} ${words("bars-choose")}` : item;
  }

  /** Shows the inside of the network: its input, its maps and its last layer. */
  #showInside() {
    if (!this.#engine.canExplain()) return;
    const { seen, maps, explanation } = this.#views;
    seen.show(this.#look, this.#lookAnswer, this.#session.main?.description.classes ?? []);
    maps.show(this.#look);
    explanation.refresh();
    this.#showEvidence();
  }

  #shownClass() {
    if (this.#class >= 0) return this.#class;
    return this.#lookAnswer?.items[0]?.class ?? this.#answers[0]?.items[this.#item]?.class ?? 0;
  }

  #showEvidence() {
    this.#views.bars.choose(this.#look ? this.#shownClass() : -1);
    this.#views.evidence.show(this.#shownClass(), this.#lookAnswer);
  }
}

/** The probabilities of one item, which its answer has by falling size. */
function showBars(bars, item) {
  if (!item) return bars.show(null);
  const probabilities = [];
  for (const { class: index, probability } of item.top) probabilities[index] = probability;
  bars.show(probabilities, item.class);
}
