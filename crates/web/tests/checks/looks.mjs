// How the page looks, for a person and for axe-core: light and dark, on a phone and on a desk, in every state.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { leave, openAll, STATES } from "../harness/states.mjs";
import { settled } from "../harness/visit.mjs";

const SCREENS = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
  desk: { viewport: { width: 1280, height: 900 } },
};
// The smallest text that a reader without glasses reads at arm's length, in CSS pixels.
const SMALLEST_TEXT = 9;

export async function run(bench) {
  const axe = await readFile(join(bench.options.modules, "axe-core", "axe.min.js"), "utf8");
  for (const [screen, size] of Object.entries(SCREENS)) {
    for (const colorScheme of ["light", "dark"]) {
      const locale = screen === "desk" ? "en-GB" : "ja-JP";
      const visited = await bench.visit({ ...size, colorScheme, locale });
      for (const [state, enter] of Object.entries(STATES)) {
        await enter(visited.page);
        await look(bench, visited.page, `${screen}-${colorScheme}-${state}`, axe);
        await leave(visited.page);
      }
      await bench.leave(visited, `${screen}, ${colorScheme}`);
    }
  }
  await differing(bench);
  await narrow(bench);
  await stillness(bench);
}

async function look(bench, page, name, axe) {
  await page.waitForTimeout(120);
  if (bench.options.screenshots) {
    await page.screenshot({ path: join(bench.options.screenshots, `${name}.png`), fullPage: true });
    await page.evaluate(() => window.scrollTo(0, 0));
  }
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.target.join(" ") + " " + (node.any[0]?.message ?? "")).join("; ")}`);
  });
  bench.check(`${name}: axe-core finds nothing`, found.length === 0, found.slice(0, 3).join(" | ").slice(0, 500));
}

// Light and dark are two looks, and the text of each can be read.
async function differing(bench) {
  const papers = [];
  for (const colorScheme of ["light", "dark"]) {
    const visited = await bench.visit({ colorScheme });
    papers.push(await visited.page.evaluate(() => {
      const colour = [document.body, document.documentElement].map((element) => getComputedStyle(element).backgroundColor).find((value) => value !== "rgba(0, 0, 0, 0)");
      const canvas = new OffscreenCanvas(1, 1).getContext("2d");
      canvas.fillStyle = colour ?? "white";
      canvas.fillRect(0, 0, 1, 1);
      return canvas.getImageData(0, 0, 1, 1).data.slice(0, 3).reduce((a, b) => a + b, 0) / 765;
    }));
    await visited.close();
  }
  bench.check("light is light and dark is dark", papers[0] > 0.85 && papers[1] < 0.25, papers.map((value) => value.toFixed(2)).join(" and "));
}

// No window is so narrow that one has to scroll sideways, no text is too small, no finger too large for a button.
async function narrow(bench) {
  for (const width of [320, 390, 600, 768, 1024, 1280, 1920]) {
    for (const locale of ["en-GB", "ja-JP"]) {
      const visited = await bench.visit({ viewport: { width, height: 700 }, locale });
      const { page } = visited;
      for (const state of ["empty", "explained", "problem"]) {
        await STATES[state](page);
        await openAll(page);
        const { wide, over, small } = await page.evaluate((smallest) => {
          const { scrollWidth, clientWidth } = document.documentElement;
          const over = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > clientWidth + 1 && element.checkVisibility());
          const small = [...document.body.querySelectorAll("*")].filter((element) =>
            element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "") && parseFloat(getComputedStyle(element).fontSize) < smallest);
          return { wide: scrollWidth - clientWidth, over: over.slice(0, 3).map((element) => element.id || element.className || element.tagName), small: small.slice(0, 3).map((element) => element.textContent.trim().slice(0, 20)) };
        }, SMALLEST_TEXT);
        bench.check(`${width} wide, ${locale}, ${state}: nothing to scroll sideways`, wide <= 0, wide <= 0 ? "" : `${wide} px, ${over.join(", ")}`);
        bench.check(`${width} wide, ${locale}, ${state}: no text is too small`, small.length === 0, small.join(", "));
        await leave(page);
      }
      if (width === 390) await fingers(bench, page, locale);
      await visited.close();
    }
  }
}

// A control on a phone is at least 24 px in each direction (WCAG 2.5.8), and pad and answer are seen together.
async function fingers(bench, page, locale) {
  const small = await page.evaluate(() => [...document.querySelectorAll("button, select, input, summary")]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.type !== "file")
    .map((element) => [element.id || element.textContent.trim().slice(0, 20), element.getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && (box.width < 23.5 || box.height < 23.5))
    .map(([name, box]) => `${name} ${box.width.toFixed(0)}x${box.height.toFixed(0)}`));
  bench.check(`${locale}: what a finger has to hit is 24 px large`, small.length === 0, small.slice(0, 4).join(", "));
  await page.setViewportSize({ width: 390, height: 844 });
  await page.locator("#examples button[data-example]").first().evaluate((button) => button.click());
  await settled(page);
  const seen = await page.evaluate(() => {
    document.querySelector("#pad").scrollIntoView({ block: "nearest" });
    return ["#pad", "#answer"].map((id) => document.querySelector(id).getBoundingClientRect()).every((box) => box.top >= -1 && box.bottom <= innerHeight + 1);
  });
  bench.check(`${locale}: pad and answer are seen together on a phone`, seen);
}

// Who asked for less movement gets none.
async function stillness(bench) {
  const visited = await bench.visit({ reducedMotion: "reduce" });
  await STATES.drawn(visited.page);
  const moving = await visited.page.evaluate(() => document.getAnimations().filter((animation) => animation.playState === "running" && animation.effect.getComputedTiming().duration > 20).length);
  bench.check("nothing moves for who asked for less movement", moving === 0, moving);
  await bench.leave(visited, "less movement");
}
