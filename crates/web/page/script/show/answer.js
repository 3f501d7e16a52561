// What was read, and how sure that is, for eyes and for ears.

import { currentLanguage, words } from "../words/language.js";
import { byId } from "./elements.js";
import { formatPercent } from "./numbers.js";

/** After so long without a change, the answer is spoken. */
const QUIET_MS = 700;

let spokenTimer = 0;
let spokenLanguage = "";

/** Shows an answer, large and with its state in words. `state` is a word of `#status`'s `data-status`. */
export function showAnswer(state, answer, title = "") {
  const text = state === "read" || state === "not-sure" ? answer.text : "";
  setText("answer", text);
  byId("status").dataset.status = state;
  const label = wordsOfState(state, answer);
  setText("status", label);
  setText("answer-model", title);
  speakLater(text ? `${text}. ${label}` : label);
}

/** The same for the second model, which is not spoken. */
export function showSecondAnswer(state, answer, title) {
  setText("second-answer", state === "read" || state === "not-sure" ? answer.text : "");
  setText("second-status", wordsOfState(state, answer));
  setText("second-model", title);
}

/** Says something to screen readers at once. */
export function say(text) {
  byId("spoken").textContent = text;
}

function wordsOfState(state, answer) {
  const [item, ...others] = answer?.items ?? [];
  if (state === "loading" && document.documentElement.dataset.ready) return words("status-reading");
  if (item && others.length === 0 && (state === "read" || state === "not-sure")) {
    return words(`status-${state}-one`, { percent: formatPercent(item.probability) });
  }
  return words(`status-${state}`, { count: answer?.items.length ?? 0 });
}

/**
 * While one draws, answers change many times a second. So what is seen is hidden from screen readers, and what they
 * find in its place changes when the answer has settled.
 */
function speakLater(text) {
  clearTimeout(spokenTimer);
  if (spokenLanguage !== currentLanguage()) {
    spokenLanguage = currentLanguage();
    setText("spoken-answer", text);
    return;
  }
  spokenTimer = setTimeout(() => setText("spoken-answer", text), QUIET_MS);
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}
