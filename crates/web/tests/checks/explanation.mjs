// The numbers of the explanation. Each is compared with what the engine computes outside of the browser from the same
// 28x28 pixels, and each sum that is written on the page is added up again.

import { join } from "node:path";
import { readFile } from "node:fs/promises";

import { drawings } from "../drawings/drawings.mjs";
import { Engine } from "../harness/engine.mjs";
import { draw, pointer } from "../harness/pointer.mjs";
import { openAll } from "../harness/states.mjs";
import { comes, settled } from "../harness/visit.mjs";
import { holds, numberOf, parts } from "../harness/written_sums.mjs";

const EIGHT = drawings().find((drawing) => drawing.digit === 8 && drawing.size > 0.5);

export async function run(bench) {
  const { models } = JSON.parse(await readFile(join(bench.options.site, "models.json"), "utf8"));
  const engine = await Engine.start(join(bench.options.site, "engine.wasm"), join(bench.options.site, models[0].file));
  const visited = await bench.visit({ before: (page) => page.addInitScript(copies) });
  const { page } = visited;
  await draw(page, await pointer(page, "mouse"), EIGHT);
  await settled(page);
  await openAll(page);
  const pixels = await pixelsOf(page);
  await input(bench, page, pixels);
  await numbers(bench, page, engine, pixels);
  await pointed(bench, page, engine, pixels);
  await evidence(bench, page, engine, pixels);
  await shifts(bench, page, engine, pixels);
  await bench.leave(visited, "explaining");
}

// Runs in the page: a canvas's pixels, from a copy of it, because reading the page's own would change how it is kept.
function copies() {
  window.pixelsOf = (canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    return copy.getImageData(0, 0, canvas.width, canvas.height);
  };
}

async function pixelsOf(page) {
  return Uint8Array.from(Buffer.from(await page.evaluate(() => window.mnist.read().items[0].pixels), "base64"));
}

// The image in large has the network's pixels, dark where there is ink.
async function input(bench, page, pixels) {
  const seen = await page.evaluate(() => {
    const { data, width, height } = window.pixelsOf(document.querySelector("#seen"));
    const at = (x, y) => 4 * (Math.floor(((y + 0.5) * height) / 28) * width + Math.floor(((x + 0.5) * width) / 28));
    return Array.from({ length: 784 }, (_, i) => data[at(i % 28, Math.floor(i / 28))]);
  });
  const [paper, ink] = [seen[0], seen[pixels.indexOf(Math.max(...pixels))]];
  const worst = Math.max(...seen.map((value, i) => Math.abs((value - paper) / (ink - paper) - pixels[i] / Math.max(...pixels))));
  bench.check("the network's input is shown pixel by pixel", Math.abs(ink - paper) > 100 && worst < 0.03, `paper ${paper}, ink ${ink}, largest difference ${worst.toFixed(3)}`);
}

// The maps of a unit are one element that takes the focus; arrows go from pixel to pixel, PageDown to the next map.
async function goTo(page, unit, stage, { map, y, x }) {
  const section = page.locator("#maps section.unit").nth(unit);
  await section.locator(`input[value="${stage}"]`).check({ force: true });
  await section.locator('[role="application"]').focus();
  const press = async (key, times) => {
    for (let i = 0; i < times; i += 1) await page.keyboard.press(key);
  };
  await press("PageUp", 100);
  await press("ArrowLeft", 30);
  await press("ArrowUp", 30);
  // An arrow that leads out of the map explains nothing, so the pointer goes once to and fro.
  await press("ArrowDown", 1);
  await press("ArrowUp", 1);
  await press("PageDown", map);
  await press("ArrowDown", y);
  await press("ArrowRight", x);
  await page.waitForTimeout(150);
}

async function numbers(bench, page, engine, pixels) {
  const layers = engine.trace(pixels);
  const { units } = engine.description;
  for (const [unit, config] of units.entries()) {
    for (const stage of ["convolution", ...config.stages]) {
      const layer = layers.find((one) => one.unit === unit && one.stage === stage);
      const [maps, height, width] = layer.shape;
      for (const place of [{ map: 0, y: 0, x: 0 }, { map: Math.min(5, maps - 1), y: height >> 1, x: (width >> 1) - 1 }]) {
        await goTo(page, unit, stage, place);
        const value = layer.values[(place.map * height + place.y) * width + place.x];
        await explained(bench, page, `unit ${unit + 1}, ${stage}, map ${place.map + 1}, ${place.y}/${place.x}`, value, units[unit], engine, { unit, ...place, stage });
      }
    }
  }
}

// What the panel says of a number: the number itself, and every sum and product on the way to it.
async function explained(bench, page, what, value, config, engine, place) {
  const panel = await page.evaluate(() => {
    const panel = document.querySelector("#explanation");
    const text = (element) => element?.textContent ?? "";
    return {
      title: text(panel.querySelector("h3")),
      value: text(panel.querySelector(".value")),
      formulas: [...panel.querySelectorAll(".formula")].map(text),
      tables: [...panel.querySelectorAll(".products")].map((row) => [...row.querySelectorAll(".cells")].map((cells) => [...cells.children].map(text))),
      captions: [...panel.querySelectorAll("figcaption")].map(text),
    };
  });
  bench.check(`${what}: the value is the engine's`, Math.abs(numberOf(panel.value) - value) < 0.00051, `${panel.value}, engine ${value}`);
  const wrong = panel.formulas.filter((formula) => !holds(formula));
  bench.check(`${what}: what is written adds up`, panel.formulas.length > 0 && wrong.length === 0, wrong.length > 0 ? wrong.join("; ") : panel.formulas[0]);
  // Three tables beside each other are patch, filter and products; the filter is the model's own.
  const rows = panel.tables.filter((row) => row.length === 3);
  const kernel = config.kernel_size ** 2;
  const products = rows.every(([patch, filter, product]) => [patch, filter, product].every((cells) => cells.length === kernel)
    && product.every((cell, i) => Math.abs(numberOf(cell) - numberOf(patch[i]) * numberOf(filter[i])) <= 0.02 + 0.06 * Math.abs(numberOf(cell)) + 0.006 * (Math.abs(numberOf(patch[i])) + Math.abs(numberOf(filter[i])))));
  bench.check(`${what}: patch times filter are the products`, rows.length > 0 && products, `${rows.length} channels`);
  const { shape, values } = engine.tensor(`units.${place.unit}.conv.weight`);
  const size = shape[1] * kernel;
  const own = rows.every(([, filter]) => Array.from({ length: shape[1] }, (_, channel) => values.subarray(channelStart(place, size, channel, kernel), channelStart(place, size, channel, kernel) + kernel))
    .some((weights) => filter.every((cell, i) => Math.abs(numberOf(cell) - weights[i]) < 0.0051 + 0.05 * Math.abs(weights[i]))));
  bench.check(`${what}: the filters are the model's`, own);
}

function channelStart({ map }, size, channel, kernel) {
  return map * size + channel * kernel;
}

// The pointer over a pixel explains that pixel: the value is one of the map's, and follows the pointer.
async function pointed(bench, page, engine, pixels) {
  await page.keyboard.press("Escape");
  const layer = engine.trace(pixels).find((one) => one.unit === 0 && one.stage === "convolution");
  await page.locator('#maps section.unit input[value="convolution"]').first().check({ force: true });
  const canvas = page.locator("#maps canvas").first();
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  let [right, found] = [0, 0];
  for (let i = 0; i < 12; i += 1) {
    await page.mouse.move(box.x + 3 + i * 4.3, box.y + 9 + i * 3.1);
    await page.waitForTimeout(80);
    const { title, value } = await page.evaluate(() => ({ title: document.querySelector("#explanation h3")?.textContent ?? "", value: document.querySelector("#explanation .value")?.textContent }));
    // The title names unit, map, row and column, counted from 1.
    const [unit, map, row, column] = (title.match(/\d+/g) ?? []).map(Number);
    if (!unit) continue;
    found += 1;
    const wanted = layer.values[((map - 1) * 28 + row - 1) * 28 + column - 1];
    if (unit === 1 && Math.abs(numberOf(value) - wanted) < 0.00051) right += 1;
  }
  bench.check("the pointer's pixel is explained with its own value", found >= 6 && right === found, `${right} of ${found}`);
}

// What speaks for and against a class: for, against and bias are the logit, and softmax gives the bars.
async function evidence(bench, page, engine, pixels) {
  const logits = engine.logits(pixels);
  const rows = await page.$$eval("#evidence-rows tr", (rows) => rows.map((row) => [...row.querySelectorAll("th, td")].map((cell) => cell.textContent)));
  bench.check("a row for each class", rows.length === logits.length, rows.length);
  const wrong = rows.filter((row, i) => Math.abs(numberOf(row[1]) + numberOf(row[2]) + numberOf(row[3]) - numberOf(row[4])) > 0.0021 || Math.abs(numberOf(row[4]) - logits[i]) > 0.00051);
  bench.check("for, against and bias are the logit, and the logit is the engine's", wrong.length === 0, wrong.slice(0, 2).join(" | ") || rows[8].join(" "));
  const { temperature = 1 } = engine.description.thresholds ?? {};
  const powers = [...logits].map((logit) => Math.exp(logit / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  const shown = await page.$$eval("#bars [data-class]", (bars) => bars.map((bar) => Number(bar.dataset.probability)));
  bench.check("softmax of the logits are the bars", shown.every((value, i) => Math.abs(value - powers[i] / sum) < 1e-4), shown.map((value) => value.toFixed(3)).join(" "));

  // Another class, by its bar.
  await page.locator('#bars [data-class="3"] button').click();
  await comes(page, () => document.querySelector("#evidence-words").textContent.includes("3"), null, 1000);
  const words = await page.locator("#evidence-words").textContent();
  const figures = parts(words).slice(-4);
  bench.check("another class can be chosen by its bar", Math.abs(figures[0] + figures[1] + figures[2] - figures[3]) < 0.0021 && Math.abs(figures[3] - logits[3]) < 0.00051, words);
}

// The lecture's equivariance: the input moves by a pixel, and the first unit's maps move with it.
async function shifts(bench, page, engine, pixels) {
  const conv = (image) => engine.trace(image).find((layer) => layer.unit === 0 && layer.stage === "convolution").values;
  await page.locator('#maps section.unit input[value="convolution"]').first().check({ force: true });
  const before = await mapImage(page);
  const still = await page.locator("#answer").textContent();
  for (let i = 0; i < 2; i += 1) await page.locator('[data-shift="ArrowRight"]').click();
  await settled(page);
  const after = await mapImage(page);
  const { same, moved } = compare(before, after, 2);
  bench.check("two shifts to the right move the first unit's maps by two pixels", moved < 0.01 && same > 0.05, `differ by ${(100 * moved).toFixed(2)} % when moved back, by ${(100 * same).toFixed(2)} % otherwise`);
  const shifted = new Uint8Array(784);
  pixels.forEach((value, i) => i % 28 < 26 && (shifted[i + 2] = value));
  await goTo(page, 0, "convolution", { map: 3, y: 14, x: 15 });
  const shown = numberOf(await page.locator("#explanation .value").textContent());
  bench.check("the numbers are those of the shifted input", Math.abs(shown - conv(shifted)[(3 * 28 + 14) * 28 + 15]) < 0.00051, shown);
  bench.check("shifting what the network sees leaves the drawing's answer alone", (await page.locator("#answer").textContent()) === still);
  await page.locator("#shift-reset").click();
  await settled(page);
  await goTo(page, 0, "convolution", { map: 3, y: 14, x: 15 });
  const back = numberOf(await page.locator("#explanation .value").textContent());
  bench.check("and back", Math.abs(back - conv(pixels)[(3 * 28 + 14) * 28 + 15]) < 0.00051, back);
}

// The first map of the first unit, as it is painted: 28x28 lightnesses.
async function mapImage(page) {
  return page.evaluate(() => {
    const { data, width } = window.pixelsOf(document.querySelector("#maps canvas"));
    // A map takes a whole number of the canvas's pixels for each of its own; the gap after it is transparent.
    let side = 0;
    while (data[4 * side + 3] === 255) side += 1;
    const scale = Math.floor(side / 28);
    return Array.from({ length: 784 }, (_, i) => {
      const at = 4 * ((Math.floor(i / 28) * scale + (scale >> 1)) * width + (i % 28) * scale + (scale >> 1));
      return data[at] + data[at + 1] + data[at + 2];
    });
  });
}

// The mean difference of two maps as they lie, and with the second one moved back, away from the border.
function compare(before, after, by) {
  const range = Math.max(...before) - Math.min(...before);
  let [same, moved, count] = [0, 0, 0];
  for (let y = 2; y < 26; y += 1) {
    for (let x = 2; x < 24; x += 1) {
      same += Math.abs(after[y * 28 + x] - before[y * 28 + x]);
      moved += Math.abs(after[y * 28 + x + by] - before[y * 28 + x]);
      count += range;
    }
  }
  return { same: same / count, moved: moved / count };
}
