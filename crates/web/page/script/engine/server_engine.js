// The engine where a server computes: the page that `mnist-cnn serve` shows.

import { SpokenError } from "../errors.js";
import { encodeBase64 } from "./base64.js";

/** A server that takes longer does not answer any more. */
const ANSWER_MS = 30_000;

/** Asks the server's API. It answers, but explains nothing. */
export class ServerEngine {
  canExplain() {
    return false;
  }

  async start() {
    return true;
  }

  /** The description of the server's model, whatever the slot. */
  async load() {
    return this.#json("api/model", {}, isDescription);
  }

  async read(_slots, { rgba, width, height, isDrawn }) {
    const grey = isDrawn ? inkOf(rgba) : greyOf(rgba);
    const body = JSON.stringify({ width, height, pixels: encodeBase64(grey) });
    const headers = { "Content-Type": "application/json" };
    const since = performance.now();
    const address = `api/predict?pixels=true${isDrawn ? "&drawn=true" : ""}`;
    const answer = await this.#json(address, { method: "POST", headers, body }, isAnswer);
    return { answers: [answer], ms: performance.now() - since };
  }

  /** The server's JSON, which has to be what the page expects: at this address something else may listen by now. */
  async #json(address, options, isExpected) {
    let response;
    try {
      response = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS), ...options });
    } catch {
      throw new SpokenError("server-unreachable");
    }
    if (response.status === 503) throw new SpokenError("server-busy");
    let answer;
    try {
      answer = await response.json();
    } catch {
      throw new SpokenError("server-answer", { status: response.status });
    }
    if (!response.ok) throw new SpokenError("server-refused", { reason: reasonOf(answer, response.status) });
    if (!isExpected(answer)) throw new SpokenError("server-answer", { status: response.status });
    return answer;
  }
}

function isDescription(found) {
  return Array.isArray(found?.classes) && Array.isArray(found.input);
}

function isAnswer(found) {
  return typeof found?.status === "string" && typeof found.text === "string" && Array.isArray(found.items);
}

function reasonOf(answer, status) {
  const error = answer?.error ?? answer;
  return error?.message ?? (typeof error === "string" ? error : `HTTP ${status}`);
}

/** A drawing's ink, light on black. */
function inkOf(rgba) {
  return Uint8Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i + 3]);
}

/** The lightness of each pixel (ITU-R BT.601), laid over white paper. */
function greyOf(rgba) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < grey.length; i++) {
    const [red, green, blue, alpha] = [rgba[4 * i], rgba[4 * i + 1], rgba[4 * i + 2], rgba[4 * i + 3] / 255];
    grey[i] = Math.round((0.299 * red + 0.587 * green + 0.114 * blue) * alpha + 255 * (1 - alpha));
  }
  return grey;
}
