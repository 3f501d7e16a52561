// How long one waits: for the first answer on a processor of one core, and for each answer after it.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { drawings } from "../drawings/drawings.mjs";
import { draw, pointer } from "../harness/pointer.mjs";
import { launch, settled, visit } from "../harness/visit.mjs";

// What is wanted, in milliseconds.
const FIRST = 1000;
const LATER = 8;
// A check allows three times as much, because a machine may be busy with other things. The figures are printed.
const BUSY = 3;
const LOADS = 5;

export async function run(bench) {
  await firstAnswers(bench);
  await laterAnswers(bench);
}

// Measured from the start of the navigation by the page's own clock: when the page is ready the first example is
// clicked, and the answer's text ends the time. Each load has an empty cache, and a reader who wants no movement, so the
// example is there at once.
async function firstAnswers(bench) {
  const folder = await mkdtemp(join(tmpdir(), "page-test-"));
  const onOneCore = join(folder, "chromium");
  await writeFile(onOneCore, `#!/bin/sh\nexec taskset -c 0 "${bench.options.chromium}" "$@"\n`, { mode: 0o755 });
  const browser = await launch({ ...bench.options, chromium: onOneCore });
  const loads = [];
  for (let i = 0; i < LOADS; i += 1) {
    const visited = await visit(browser, bench.site.address, { reducedMotion: "reduce", before: (page) => page.addInitScript(measureFirst) });
    const measured = await visited.page.waitForFunction(() => window.measured?.answered && window.measured, null, { timeout: 10_000 });
    loads.push({ ...(await measured.jsonValue()), own: await visited.page.evaluate(() => window.mnist.timing.ready_ms) });
    await visited.close();
  }
  await browser.close();
  await rm(folder, { recursive: true });
  const middle = (key) => [...loads.map((load) => load[key])].sort((a, b) => a - b)[Math.floor(LOADS / 2)];
  bench.report.say(`ready after ${loads.map((load) => load.ready.toFixed(0)).join(", ")} ms; the page itself says ${middle("own").toFixed(0)} ms`);
  bench.check(`first answer ${FIRST} ms after navigation, on one core, in the middle of ${LOADS} loads, and not ${BUSY} times that`,
    middle("answered") < BUSY * FIRST, `${loads.map((load) => load.answered.toFixed(0)).join(", ")} ms`);
}

// Runs in the page before anything else does.
function measureFirst() {
  window.measured = {};
  new MutationObserver(() => {
    const { measured } = window;
    if (!measured.ready && document.documentElement?.dataset.ready === "true") {
      measured.ready = performance.now();
      document.querySelector("#examples button[data-example]").click();
    }
    if (measured.ready && !measured.answered && /\d/.test(document.querySelector("#answer")?.textContent)) measured.answered = performance.now();
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}

// The page's worker measures each prediction; here they are collected while digits are drawn.
async function laterAnswers(bench) {
  const visited = await bench.visit();
  await visited.page.evaluate(() => {
    window.collected = [];
    let last = null;
    const look = () => {
      const now = window.mnist.timing.last_ms;
      if (now !== last && typeof now === "number") window.collected.push((last = now));
      requestAnimationFrame(look);
    };
    look();
  });
  const device = await pointer(visited.page, "mouse");
  const all = drawings();
  for (let i = 0; i < all.length; i += 15) {
    await draw(visited.page, device, all[i]);
    await settled(visited.page);
    await visited.page.click("#clear");
  }
  const collected = (await visited.page.evaluate(() => window.collected)).sort((a, b) => a - b);
  const at = (share) => collected[Math.min(collected.length - 1, Math.floor(share * collected.length))] ?? NaN;
  const figures = `${collected.length} predictions: median ${at(0.5).toFixed(2)} ms, 95 % under ${at(0.95).toFixed(2)} ms, slowest ${at(1).toFixed(2)} ms`;
  bench.check("predictions while drawing were measured", collected.length >= 20, collected.length);
  bench.check(`half of the later predictions take under ${LATER} ms in the worker, and not ${BUSY} times that`, at(0.5) < BUSY * LATER, figures);
  await bench.leave(visited, "drawing for a while");
}
