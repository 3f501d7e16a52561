// The page's language: which one, and its words.

import { ENGLISH } from "./english.js";
import { JAPANESE } from "./japanese.js";

const DICTIONARIES = { en: ENGLISH, ja: JAPANESE };
const languageListeners = [];
let language = "en";

/** The words for a key. `{name}` in them is filled with `values.name`. */
export function words(key, values = {}) {
  const text = DICTIONARIES[language][key] ?? ENGLISH[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (gap, name) => String(values[name] ?? gap));
}

/** `en` or `ja`. */
export function currentLanguage() {
  return language;
}

/** Calls back when the reader switches to another language. */
export function onLanguage(listener) {
  languageListeners.push(listener);
}

/** Takes the language of the address, such as `#lang=ja`, or else the browser's. */
export function beginLanguage() {
  setLanguage(languageOfAddress() ?? languageOfBrowser());
  window.addEventListener("hashchange", () => setLanguage(languageOfAddress() ?? language));
}

/** Switches to the other language, and remembers it in the address: nothing is stored in the browser. */
export function switchLanguage() {
  const next = language === "en" ? "ja" : "en";
  history.replaceState(history.state, "", `#lang=${next}`);
  setLanguage(next);
}

function setLanguage(next) {
  language = next;
  document.documentElement.lang = next;
  document.title = words("title");
  for (const element of document.querySelectorAll("[data-words]")) {
    element.textContent = words(element.dataset.words);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", words(element.dataset.label));
  }
  // The switch names the other language in that language's own words.
  document.getElementById("language").lang = next === "en" ? "ja" : "en";
  for (const listener of languageListeners) listener();
}

function languageOfAddress() {
  const found = new URLSearchParams(location.hash.slice(1)).get("lang");
  return found in DICTIONARIES ? found : null;
}

function languageOfBrowser() {
  const codes = (navigator.languages ?? [navigator.language]).map((code) => String(code).slice(0, 2).toLowerCase());
  return codes.find((code) => code in DICTIONARIES) ?? "en";
}
