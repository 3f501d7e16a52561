// Japanese and English: the browser's language decides, the switch turns it, and no word stays behind.

import { leave, openAll, STATES } from "../harness/states.mjs";
import { comes, speak } from "../harness/visit.mjs";

const JAPANESE = /[ぁ-んァ-ヶ一-龯]/;
// Words that Japanese writes in Latin letters too, and units.
const SAME = /^(MNIST|CNN|ReLU|GELU|tanh|softmax|Rust|WebAssembly|SIMD|JSON|PNG|JPEG|px|ms|kB|MB|English|RGB|JavaScript|mnist-cnn|Burn|ONNX|GitHub|same|valid)$/i;

export async function run(bench) {
  await byTheBrowser(bench);
  await everyWord(bench);
}

async function byTheBrowser(bench) {
  for (const [locale, wanted] of [["ja-JP", "ja"], ["ja", "ja"], ["en-GB", "en"], ["en-US", "en"], ["fr-FR", "en"]]) {
    const visited = await bench.visit({ locale });
    const { lang, title } = await visited.page.evaluate(() => ({ lang: document.documentElement.lang, title: document.title }));
    bench.check(`a browser in ${locale} sees ${wanted}`, lang === wanted && JAPANESE.test(title) === (wanted === "ja"), `${lang}, "${title}"`);
    await bench.leave(visited, locale);
  }
}

// In the page: every text and every text of an attribute that a person sees or hears, in the order of the page.
function texts() {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      const element = node.parentElement;
      if (["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE"].includes(element.tagName)) continue;
      const spoken = element.closest(".visually-hidden, .sr-only") !== null;
      if (node.data.trim() === "" || !(spoken || element.checkVisibility({ visibilityProperty: true }))) continue;
      found.push({ text: node.data.trim().replace(/\s+/g, " "), where: element.id || element.className || element.tagName, own: element.closest("[lang]").lang });
    } else {
      for (const name of ["aria-label", "title", "alt", "placeholder", "aria-description", "aria-valuetext", "aria-roledescription"]) {
        const text = node.getAttribute(name);
        if (text && node.checkVisibility({ visibilityProperty: true })) found.push({ text: text.trim(), where: `${node.id || node.tagName}[${name}]`, own: node.closest("[lang]").lang });
      }
    }
  }
  return found;
}

async function everyWord(bench) {
  const visited = await bench.visit({ locale: "en-GB" });
  const { page } = visited;
  const titles = await page.evaluate(async () => {
    const { models } = await (await fetch("models.json")).json();
    const model = window.mnist.model();
    const names = [...models.flatMap((each) => [each.title, each.file]), model.title, ...Object.values(model.source ?? {}), ...(model.classes ?? [])];
    return names.map(String).filter((name) => name.length > 0);
  });
  for (const [name, enter] of Object.entries(STATES)) {
    await speak(page, "en");
    await enter(page);
    await openAll(page);
    const english = await page.evaluate(texts);
    await speak(page, "ja");
    await page.waitForTimeout(120);
    const japanese = await page.evaluate(texts);

    const lang = await page.evaluate(() => document.documentElement.lang);
    bench.check(`${name}: lang is ja after the switch`, lang === "ja", lang);
    // What is written in a language of its own, as the switch's "日本語", says so by its lang.
    const left = english.filter(({ text, own }) => own === "en" && JAPANESE.test(text));
    bench.check(`${name}: the English page has no Japanese`, left.length === 0, show(left));
    const untranslated = japanese.filter(({ text, own }) => own === "ja" && !JAPANESE.test(text) && !neutral(text, titles));
    bench.check(`${name}: the Japanese page has no English`, untranslated.length === 0, show(untranslated));
    const mixed = japanese.filter(({ text, own }) => own === "ja" && JAPANESE.test(text) && /[a-z]{2,} [a-z]{2,} [a-z]{2,}/i.test(titles.reduce((rest, title) => rest.replaceAll(title, ""), text)));
    bench.check(`${name}: no sentence is half English`, mixed.length === 0, show(mixed));
    const keys = [...english, ...japanese].filter(({ text }) => /\bundefined\b|\bNaN\b|\[object|\{\w+\}|^[a-z]+([._][a-z]+)+$/.test(text) && !titles.some((title) => text.includes(title)));
    bench.check(`${name}: no word is missing`, keys.length === 0, show(keys));
    bench.check(`${name}: as many texts in both`, Math.abs(english.length - japanese.length) <= 0.1 * english.length, `${english.length} and ${japanese.length}`);
    await leave(page);
  }
  bench.check("the page's title turned too", await comes(page, () => /[ぁ-んァ-ヶ一-龯]/.test(document.title), null, 500));
  await bench.leave(visited, "turning the language");
}

// Numbers, signs, names of models and what is the same in both languages.
function neutral(text, titles) {
  const rest = titles.reduce((left, title) => left.replaceAll(title, " "), text);
  const words = rest.match(/[A-Za-z][A-Za-z-]+/g) ?? [];
  return words.every((word) => SAME.test(word));
}

function show(list) {
  return list.slice(0, 6).map(({ text, where }) => `${where}: "${text.slice(0, 60)}"`).join(", ");
}
