// The pad under every pointer: undo, clear, answers that come late, fingers, buttons, scrolling, zoom, several digits.

import { drawings } from "../drawings/drawings.mjs";
import { board, draw, follow, pointer } from "../harness/pointer.mjs";
import { comes, said, settled } from "../harness/visit.mjs";

const of = (digit, at = 0) => drawings().filter((drawing) => drawing.digit === digit && drawing.size > 0.5)[at];
const FIVE = drawings().find((drawing) => drawing.digit === 5 && drawing.hand === "pupil" && drawing.size > 0.5);
const EMPTY = () => document.querySelector("#status").dataset.status === "empty";

// Puts window.inkOf() into the page: the places of the pad's ink, as functions of shares of its width and height. Ink is
// what differs from the corner. A copy of the canvas is read, because reading the pad itself would change how fast it is.
const INK = () => {
  window.inkOf = () => {
    const pad = document.querySelector("#pad");
    const copy = new OffscreenCanvas(pad.width, pad.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(pad, 0, 0);
    const { data, width, height } = copy.getImageData(0, 0, pad.width, pad.height);
    const inked = (i) => [0, 1, 2, 3].reduce((sum, k) => sum + Math.abs(data[4 * i + k] - data[k]), 0) >= 120;
    const at = ([x, y]) => inked(Math.floor(y * height) * width + Math.floor(x * width));
    let [count, across, down] = [0, 0, 0];
    for (let i = 0; i < width * height; i += 1) {
      if (!inked(i)) continue;
      count += 1;
      across += i % width;
      down += Math.floor(i / width);
    }
    const column = (x) => Array.from({ length: height }, (_, y) => at([x, y / height])).some(Boolean);
    return { count: count / (width * height), x: across / count / width, y: down / count / height, at, column };
  };
};
const ink = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(window.inkOf()))))
  .then(({ count, x, y }) => ({ count, x, y })));
const inkAt = (page, points) => page.evaluate((points) => points.map((point) => window.inkOf().at(point)), points);

export async function run(bench) {
  const visited = await visitWithInk(bench);
  await emptyAndClear(bench, visited);
  await undo(bench, visited);
  await buttons(bench, visited);
  await leavingAndComing(bench, visited);
  await numbers(bench, visited);
  await bench.leave(visited, "the pad with a mouse");
  await lateAnswers(bench);
  await fingers(bench);
  await places(bench);
}

async function visitWithInk(bench, wish) {
  return bench.visit({ ...wish, before: (page) => page.addInitScript(INK) });
}

async function emptyAndClear(bench, { page }) {
  const fresh = await said(page);
  bench.check("before the first stroke: no digit yet", fresh.status === "empty" && fresh.words.length > 3 && !/\d/.test(fresh.answer), `${fresh.words} "${fresh.answer}"`);
  const device = await pointer(page, "mouse");
  await draw(page, device, of(3));
  const drawn = await settled(page);
  bench.check("a drawing is answered", drawn.answer.startsWith("3") && ["read", "not-sure"].includes(drawn.status), `${drawn.answer} ${drawn.status}`);
  const bars = await page.$$eval("#bars [data-class]", (list) => list.map((bar) => Number(bar.querySelector("[data-probability]")?.dataset.probability ?? bar.dataset.probability)));
  const sum = bars.reduce((a, b) => a + b, 0);
  bench.check("ten bars whose probabilities sum to 1", bars.length === 10 && Math.abs(sum - 1) < 0.001, `${bars.length}, ${sum}`);
  bench.check("the longest bar is the answer's", bars.indexOf(Math.max(...bars)) === 3, bars.map((bar) => bar.toFixed(2)).join(" "));
  await page.click("#clear");
  const cleared = await settled(page);
  bench.check("clear: no answer, as before the first stroke", cleared.status === "empty" && !/\d/.test(cleared.answer), `${cleared.status} "${cleared.answer}"`);
  bench.check("clear: no ink is left", (await ink(page)).count === 0);
  const left = await page.$$eval("#bars [data-probability]", (list) => list.map((bar) => Number(bar.dataset.probability)).filter((value) => value > 0).length);
  bench.check("clear: no bar is left", left === 0, left);
  await page.click("#clear");
  bench.check("clear twice is clear", (await settled(page)).status === "empty");
  // A tap leaves a dot, which is no digit that one should be sure of.
  const { at } = await board(page);
  await device.down(at([0.6, 0.5]));
  await device.up(at([0.6, 0.5]));
  bench.check("a tap leaves a dot", (await ink(page)).count > 0);
  await settled(page);
  await page.click("#clear");
}

async function undo(bench, { page }) {
  const device = await pointer(page, "mouse");
  await draw(page, device, FIVE);
  const whole = await settled(page);
  const before = (await ink(page)).count;
  await page.click("#undo");
  const without = await settled(page);
  const after = (await ink(page)).count;
  bench.check("undo takes the last stroke away", after < before && after > 0 && without.read?.items?.length > 0, `${before.toFixed(4)} to ${after.toFixed(4)}`);
  bench.check("undo: the answer is a new one", JSON.stringify(whole.read.items[0].top) !== JSON.stringify(without.read.items[0].top), `${whole.answer} to ${without.answer}`);
  await page.click("#undo");
  bench.check("undo to the beginning: nothing is answered", (await settled(page)).status === "empty");
  const more = await page.locator("#undo").isEnabled();
  if (more) await page.click("#undo");
  bench.check("undo of nothing is nothing", (await settled(page)).status === "empty");
}

async function buttons(bench, { page }) {
  const device = await pointer(page, "mouse");
  const { at } = await board(page);
  await device.down(at([0.3, 0.3]), "right");
  await device.move(at([0.7, 0.7]));
  await device.up(at([0.7, 0.7]), "right");
  bench.check("the right button draws nothing", (await ink(page)).count === 0);
  await page.keyboard.press("Escape");
}

// A stroke that leaves the pad and comes back is one stroke: the pen is down all the while.
async function leavingAndComing(bench, { page }) {
  const device = await pointer(page, "mouse");
  const { at } = await board(page);
  const way = [[0.4, 0.5], [0.4, 0.2], [0.4, -0.2], [0.7, -0.2], [0.7, 0.2], [0.7, 0.6]].map(at);
  await device.down(way[0]);
  for (const point of way.slice(1)) await device.move(point);
  const held = (await ink(page)).count;
  await device.up(way[way.length - 1]);
  const { box } = await board(page);
  const share = (point) => [(at(point)[0] - box.left) / box.width, (at(point)[1] - box.top) / box.height];
  const parts = await inkAt(page, [share([0.4, 0.35]), share([0.7, 0.4])]);
  bench.check("a stroke that leaves the pad goes on where it comes back", held > 0 && parts.every(Boolean), parts.join());
  await page.click("#undo");
  bench.check("it was one stroke", (await settled(page)).status === "empty");

  // The pen is lifted outside, which the pad has to hear of.
  await device.down(at([0.3, 0.5]));
  await device.move(at([0.3, 0.8]));
  await device.up(at([-0.3, 1.4]));
  const lifted = (await ink(page)).count;
  await device.move(at([0.9, 0.5]));
  await page.mouse.move(...at([0.5, 0.5]));
  await page.mouse.move(...at([0.8, 0.3]));
  bench.check("a pen that was lifted outside draws no more", Math.abs((await ink(page)).count - lifted) < 1e-9);
  await page.click("#clear");
}

// Three small digits beside each other are a number.
async function numbers(bench, { page }) {
  const device = await pointer(page, "mouse");
  for (const number of ["427", "10", "86"]) {
    const { box } = await board(page);
    const step = box.width / box.height / number.length;
    for (const [index, digit] of [...number].entries()) {
      const one = of(Number(digit), 3);
      const all = one.strokes.flat();
      const [left, top] = [0, 1].map((axis) => Math.min(...all.map((point) => point[axis])));
      const [right, bottom] = [0, 1].map((axis) => Math.max(...all.map((point) => point[axis])));
      const scale = Math.min((0.62 * step) / (right - left), 0.6 / (bottom - top));
      const at = ([x, y]) => [box.left + box.height * (step * (index + 0.19) + scale * (x - left)), box.top + box.height * (0.2 + scale * (y - top))];
      for (const stroke of one.strokes) await follow(device, stroke.map(at));
    }
    const { answer, read } = await settled(page);
    bench.check(`${number} is read as a number`, answer.replace(/[?\s]/g, "") === number, `${answer}, ${read?.items?.length} items`);
    await page.click("#clear");
    await comes(page, EMPTY);
  }
}

// Draw, clear, draw: an answer to what is no longer there must not appear, however late it comes.
async function lateAnswers(bench) {
  const visited = await bench.visit({
    before: (page) => page.addInitScript(() => {
      const Right = window.Worker;
      // The worker's answers are held back until `release` is called.
      window.held = null;
      window.Worker = class extends Right {
        constructor(...given) {
          super(...given);
          super.addEventListener("message", (event) => {
            if (window.held === null || event.again) return;
            event.stopImmediatePropagation();
            window.held.push(() => this.dispatchEvent(Object.assign(new MessageEvent("message", { data: event.data }), { again: true })));
          });
        }
      };
    }),
  });
  const { page } = visited;
  const device = await pointer(page, "mouse");
  await page.evaluate(() => (window.held = []));
  await draw(page, device, of(8));
  await page.waitForTimeout(300);
  await page.click("#clear");
  const late = await page.evaluate(() => {
    const held = window.held;
    window.held = null;
    for (const release of held) release();
    return held.length;
  });
  const { status, answer } = await settled(page);
  bench.check("an answer that comes after clear is dropped", late > 0 && status === "empty" && !/\d/.test(answer), `${late} held back, ${status} "${answer}"`);
  await draw(page, device, of(4));
  bench.check("and the next drawing is read", (await settled(page)).answer.startsWith("4"));
  await page.click("#clear");
  for (const digit of [1, 2, 3, 5]) {
    await draw(page, device, of(digit));
    await page.click("#clear");
  }
  await draw(page, device, of(7));
  const hurried = await settled(page);
  bench.check("drawn and cleared in a hurry, the last drawing is answered", hurried.answer.startsWith("7"), hurried.answer);
  await bench.leave(visited, "late answers");
}

async function fingers(bench) {
  const visited = await visitWithInk(bench, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 }, deviceScaleFactor: 3 });
  const { page } = visited;
  const session = await page.context().newCDPSession(page);
  const touch = (type, points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([id, [x, y]]) => ({ id, x, y })) });
  const { at } = await board(page);
  const scrolled = await page.evaluate(() => window.scrollY);

  // A second finger, as of a hand that rests on the glass, does not join its point to the first one's line.
  await touch("touchStart", [[0, at([0.25, 0.2])]]);
  await touch("touchMove", [[0, at([0.25, 0.4])]]);
  await touch("touchStart", [[0, at([0.25, 0.4])], [1, at([0.95, 0.4])]]);
  await touch("touchMove", [[0, at([0.25, 0.7])], [1, at([0.95, 0.45])]]);
  await touch("touchMove", [[0, at([0.25, 0.9])], [1, at([0.95, 0.4])]]);
  await touch("touchEnd", [[0, at([0.25, 0.9])]]);
  await touch("touchEnd", []);
  const { box } = await board(page, { scroll: false });
  const crossed = await page.evaluate((x) => window.inkOf().column(x), (at([0.6, 0.5])[0] - box.left) / box.width);
  bench.check("two fingers draw no line between them", !crossed);
  bench.check("the first finger's line is there", (await ink(page)).count > 0);
  bench.check("drawing with a finger does not scroll the page", (await page.evaluate(() => window.scrollY)) === scrolled);
  bench.check("nor zoom it", (await page.evaluate(() => window.visualViewport.scale)) === 1);
  await page.click("#clear");
  await settled(page);

  await touch("touchStart", [[0, at([0.4, 0.3])]]);
  await touch("touchMove", [[0, at([0.5, 0.6])]]);
  await touch("touchCancel", []);
  await touch("touchStart", [[0, at([0.9, 0.3])]]);
  await touch("touchEnd", []);
  bench.check("a stroke that the system cancels ends", (await page.evaluate(() => window.scrollY)) === scrolled);
  await page.click("#clear");
  const device = await pointer(page, "touch");
  await draw(page, device, of(6));
  bench.check("after all that a finger's 6 is read", (await settled(page)).answer.startsWith("6"));
  await bench.leave(visited, "fingers");
}

// Ink comes under the pointer on a scrolled page, and however the page is zoomed.
async function places(bench) {
  const ways = [
    ["a small window, scrolled", { viewport: { width: 500, height: 420 } }, async (page) => page.evaluate(() => document.querySelector("#pad").scrollIntoView({ block: "end" }))],
    ["a window scrolled sideways", { viewport: { width: 300, height: 700 } }, async (page) => page.evaluate(() => { document.body.style.width = "900px"; window.scrollTo(120, 60); })],
    ["zoomed to 150 %", { viewport: { width: 853, height: 600 }, deviceScaleFactor: 1.5 }, async () => {}],
    ["zoomed to 67 %", { viewport: { width: 1910, height: 1343 }, deviceScaleFactor: 0.67 }, async () => {}],
    ["CSS zoom 1.25", {}, async (page) => page.evaluate(() => { document.documentElement.style.zoom = "1.25"; })],
    ["resized while drawn on", {}, async (page) => { await page.setViewportSize({ width: 700, height: 900 }); }],
  ];
  for (const [what, wish, change] of ways) {
    const visited = await visitWithInk(bench, wish);
    const { page } = visited;
    await change(page);
    await page.waitForTimeout(150);
    const place = await page.evaluate(() => {
      const box = document.querySelector("#pad").getBoundingClientRect();
      return [box.left, box.top, box.width, box.height];
    });
    const at = ([x, y]) => [place[0] + x * place[2], place[1] + y * place[3]];
    // A short stroke round a point that can be seen now.
    const view = page.viewportSize();
    const target = [[0.3, 0.3], [0.7, 0.3], [0.3, 0.7], [0.5, 0.5]].find((point) => at(point).every((value, axis) => value > 10 && value < [view.width, view.height][axis] - 10));
    const device = await pointer(page, "mouse");
    const near = (dx, dy) => at([target[0] + dx, target[1] + dy]);
    await follow(device, [near(-0.05, 0), near(0, 0.05), near(0.05, 0), near(0, -0.05), near(-0.05, 0)]);
    const seen = await ink(page);
    const off = Math.hypot(seen.x - target[0], seen.y - target[1]);
    bench.check(`${what}: ink comes under the pointer`, off < 0.02, `${(off * 100).toFixed(2)} % of the pad away`);
    await bench.leave(visited, what);
  }
}
