// Errors in words, where everybody sees and hears them.

import { asSpoken } from "../errors.js";
import { onLanguage, words } from "../words/language.js";
import { byId, make } from "./elements.js";

/** What is wrong now, by the part of the page that it is about. */
const problems = new Map();

/** Says what is wrong with a part of the page, in place of what was wrong with it before. */
export function showProblem(part, error) {
  const spoken = asSpoken(error);
  problems.set(part, spoken);
  renderProblems();
}

/** A part of the page works again. */
export function clearProblem(part) {
  if (problems.delete(part)) renderProblems();
}

/** Keeps the problems in the page's language. */
export function watchProblems() {
  onLanguage(renderProblems);
}

function renderProblems() {
  const place = byId("problem");
  place.replaceChildren(...[...problems].map(([part, { key, values }]) => lineOf(part, key, values)));
  place.hidden = problems.size === 0;
}

function lineOf(part, key, values) {
  const close = make("button", "close", "×");
  close.type = "button";
  close.setAttribute("aria-label", words("close"));
  close.addEventListener("click", () => clearProblem(part));
  return make("p", "", words(`problem-${key}`, values), close);
}
