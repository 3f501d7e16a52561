// Several models in one folder: the list, the epochs of a run, a second model beside the first, a file of one's own,
// and a file that is gone when it is asked for.
//
// Each file is the built model with its output layer's columns turned, so a drawn 4 read as 6 comes from the file that
// is turned by 2.

import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { drawings } from "../drawings/drawings.mjs";
import { described, renamed, turned, withClasses } from "../harness/model_file.mjs";
import { draw, pointer } from "../harness/pointer.mjs";
import { comes, said, settled } from "../harness/visit.mjs";

const FOUR = drawings().find((drawing) => drawing.digit === 4 && drawing.size > 0.5);
const EPOCHS = [3, 4, 5];

// A folder of three models; the second is a run of three epochs, whose last is the run's own model, and the third takes
// images of another size. Pooled twice, 28 and 30 pixels give maps of the same size, so its weights can be the first's.
async function fill(folder) {
  const first = JSON.parse(await readFile(join(folder, "models.json"), "utf8")).models[0];
  const file = join(folder, first.file);
  const { run } = (await described(file)).source;
  await turned(file, join(folder, "turned.safetensors"), 2);
  await renamed(join(folder, "turned.safetensors"), join(folder, "turned.safetensors"), run, "turned-run");
  const epochs = [];
  for (const [epoch, by] of EPOCHS.entries()) {
    await turned(file, join(folder, `turned-epoch-${epoch}.safetensors`), by);
    epochs.push({ epoch, file: `turned-epoch-${epoch}.safetensors` });
  }
  await renamed(file, join(folder, "larger.safetensors"), '\\"input\\":[1,28,28]', '\\"input\\":[1,30,30]');
  await writeFile(join(folder, "models.json"), JSON.stringify({
    models: [
      { ...first, epochs: [] },
      { file: "turned.safetensors", title: "turned by two", epochs },
      { file: "larger.safetensors", title: "larger images", epochs: [] },
    ],
  }));
}

export async function run(bench) {
  const { address, folder } = await bench.sites.copy(fill);
  const visited = await bench.visit({ address });
  const { page } = visited;
  const device = await pointer(page, "mouse");
  const early = visited.requests.filter((url) => /turned/.test(url));
  bench.check("further models are not fetched before they are asked for", early.length === 0, early.join(" "));
  await draw(page, device, FOUR);
  const { answer } = await settled(page);
  bench.check("the first model reads first", answer.startsWith("4"), answer);

  await second(bench, page);
  await ofAnotherSize(bench, page);
  await another(bench, visited);
  await epochs(bench, visited);
  await ofOnesOwn(bench, page, folder);
  await bench.leave(visited, "several models");
  await otherClasses(bench);
  await late(bench, address);
  await gone(bench, address, folder);
}

async function choose(page, id, words) {
  const value = await page.locator(id).evaluate((select, words) => [...select.options].find((option) => option.textContent.includes(words)).value, words);
  await page.selectOption(id, value);
}

async function second(bench, page) {
  await choose(page, "#second", "turned by two");
  const shown = await comes(page, () => document.querySelector("#second-answer")?.checkVisibility() && document.querySelector("#second-answer").textContent.includes("6"));
  await settled(page);
  const both = await page.evaluate(() => [document.querySelector("#answer").textContent, document.querySelector("#second-answer")?.textContent]);
  bench.check("two models answer one drawing, each for itself", shown && both[0].startsWith("4") && both[1].startsWith("6"), both.join(" and "));
  await page.click("#clear");
  await settled(page);
  const cleared = await page.evaluate(() => document.querySelector("#second-answer").textContent);
  bench.check("clear takes the second answer away too", !/\d/.test(cleared), cleared);
  await draw(page, await pointer(page, "mouse"), FOUR);
  await settled(page);
  const again = await page.evaluate(() => document.querySelector("#second-answer").textContent);
  bench.check("the second model reads the next drawing", again.startsWith("6"), again);
  await page.selectOption("#second", "");
  await settled(page);
  bench.check("without a second model nothing is left of it", !(await page.locator("#second-answer").isVisible()));
}

// One drawing becomes one input, so two models that are shown beside each other take images of the same size.
async function ofAnotherSize(bench, page) {
  const isAlone = () => !document.querySelector("#second-answer").checkVisibility();
  await choose(page, "#second", "turned by two");
  await comes(page, () => document.querySelector("#second-answer").textContent.includes("6"));
  await choose(page, "#second", "larger images");
  await comes(page, () => document.querySelector("#problem").checkVisibility());
  const { answer, problem } = await settled(page);
  bench.check("a second model for images of another size: words", problem.includes("larger images"), problem || "silence");
  bench.check("neither it nor the one before it answers", answer.startsWith("4") && (await page.evaluate(isAlone)), answer);
  const first = await page.locator("#model").inputValue();
  await choose(page, "#second", "turned by two");
  await comes(page, () => document.querySelector("#second-answer").textContent.includes("6"));
  await choose(page, "#model", "larger images");
  await comes(page, isAlone);
  const larger = await settled(page);
  const input = await page.evaluate(() => window.mnist.model().input.join());
  const isRead = input === "1,30,30" && /\d/.test(larger.answer) && larger.problem === "";
  bench.check("a first model for images of another size sends the second away", isRead && (await page.evaluate(isAlone)), `${input}, "${larger.answer}" ${larger.problem}`);
  await page.selectOption("#model", first);
  await comes(page, () => window.mnist.model().input.join() === "1,28,28");
  const back = await settled(page);
  bench.check("the model before it reads as before", back.answer.startsWith("4"), back.answer);
}

async function another(bench, { page }) {
  await choose(page, "#model", "turned by two");
  await comes(page, () => document.querySelector("#answer").textContent.startsWith("6"));
  const { answer } = await settled(page);
  bench.check("another model reads the same drawing", answer.startsWith("6"), answer);
  bench.check("the page names its run", (await page.evaluate(() => document.body.innerText)).includes("turned-run"));
}

// The slider goes from random weights to the end, and the drawing is read anew at each place.
async function epochs(bench, visited) {
  const { page } = visited;
  const slider = page.locator("#epochs");
  bench.check("a run of several epochs has a slider", await slider.isVisible());
  await slider.focus();
  await page.keyboard.press("Home");
  const wanted = EPOCHS.map((by) => String((4 + by) % 10));
  for (const [index, digit] of wanted.entries()) {
    if (index > 0) await page.keyboard.press("ArrowRight");
    await comes(page, (digit) => document.querySelector("#answer").textContent.startsWith(digit), digit, 3000);
    const { answer } = await settled(page);
    const words = await slider.evaluate((element) => element.getAttribute("aria-valuetext") ?? element.value);
    bench.check(`epoch ${index} reads the drawing`, answer.startsWith(digit), `${answer}; the slider says "${words}"`);
  }
  // Pulled quickly to and fro, the last place counts, however late a file comes.
  for (const key of ["Home", "End", "Home", "ArrowRight"]) await page.keyboard.press(key);
  await comes(page, (digit) => document.querySelector("#answer").textContent.startsWith(digit), wanted[1], 3000);
  const { answer } = await settled(page, 300);
  bench.check("of many places in a hurry the last one counts", answer.startsWith(wanted[1]), answer);
  const asked = visited.requests.filter((url) => url.includes("turned-epoch-0"));
  bench.check("a file is fetched once", asked.length === 1, asked.length);
}

// Any run of this program: a file that the reader chooses, and a file that is no model.
async function ofOnesOwn(bench, page, folder) {
  await turned(join(folder, "turned.safetensors"), join(folder, "..", "mine.safetensors"), 3);
  await page.setInputFiles("#model-file", join(folder, "..", "mine.safetensors"));
  await comes(page, () => document.querySelector("#answer").textContent.startsWith("9"));
  const own = await settled(page);
  bench.check("a model of one's own reads the drawing", own.answer.startsWith("9"), own.answer);
  await page.setInputFiles("#model-file", { name: "broken.safetensors", mimeType: "application/octet-stream", buffer: Buffer.alloc(100, 1) });
  await comes(page, () => document.querySelector("#problem").checkVisibility());
  const { problem } = await said(page);
  bench.check("a file that is no model: words", problem.length > 10, problem || "silence");
  await page.click("#clear");
  await draw(page, await pointer(page, "mouse"), FOUR);
  const { answer } = await settled(page);
  bench.check("the model before it still reads", answer.startsWith("9"), answer);
}

// The names of the classes are the file's.
async function otherClasses(bench) {
  const names = ["naught", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
  const { address } = await bench.sites.copy(async (folder) => {
    const file = join(folder, JSON.parse(await readFile(join(folder, "models.json"), "utf8")).models[0].file);
    await withClasses(file, file, names);
  });
  const visited = await bench.visit({ address });
  await draw(visited.page, await pointer(visited.page, "mouse"), FOUR);
  const { answer } = await settled(visited.page);
  const bars = await visited.page.locator("#bars").textContent();
  bench.check("the names of the classes are the model's own", answer.startsWith("four") && names.every((name) => bars.includes(name)), answer);
  await bench.leave(visited, "other classes");
}

// A file that comes late does not replace what was asked for after it.
async function late(bench, address) {
  const visited = await bench.visit({
    address,
    before: (page, context) => context.route(/turned-epoch-0/, async (route) => {
      await new Promise((done) => setTimeout(done, 800));
      await route.continue();
    }),
  });
  const { page } = visited;
  await draw(page, await pointer(page, "mouse"), FOUR);
  await choose(page, "#model", "turned by two");
  await comes(page, () => document.querySelector("#answer").textContent.startsWith("6"));
  await page.focus("#epochs");
  await page.keyboard.press("Home");
  await page.waitForTimeout(100);
  await page.keyboard.press("End");
  await page.waitForTimeout(1200);
  const { answer } = await settled(page);
  const place = await page.locator("#epochs").inputValue();
  bench.check("a file that comes late replaces nothing", answer.startsWith("6") && place === "3", `${answer}, the slider is at ${place}`);
  await bench.leave(visited, "a late file");
}

// A file that is listed and gone, and a window that is offline.
async function gone(bench, address, folder) {
  await rm(join(folder, "turned-epoch-1.safetensors"));
  const visited = await bench.visit({ address });
  const { page } = visited;
  await draw(page, await pointer(page, "mouse"), FOUR);
  await choose(page, "#model", "turned by two");
  await comes(page, () => document.querySelector("#answer").textContent.startsWith("6"));
  await page.focus("#epochs");
  await page.keyboard.press("Home");
  await comes(page, () => document.querySelector("#answer").textContent.startsWith("7"));
  await page.keyboard.press("ArrowRight");
  await comes(page, () => document.querySelector("#problem").checkVisibility());
  const { problem } = await said(page);
  bench.check("an epoch whose file is gone: words", /turned-epoch-1/.test(problem), problem || "silence");
  await page.context().setOffline(true);
  await page.focus("#epochs");
  // The run's own model is there already, the epoch before it is not.
  await page.keyboard.press("End");
  await comes(page, () => document.querySelector("#answer").textContent.startsWith("6"));
  await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(600);
  const offline = await said(page);
  bench.check("a file that was not fetched before the network went: words", offline.problem.length > 10, offline.problem || "silence");
  const place = await page.locator("#epochs").inputValue();
  bench.check("the slider goes back to what is shown", place === "3" && offline.answer.startsWith("6"), `${place}, ${offline.answer}`);
  await page.context().setOffline(false);
  await page.focus("#epochs");
  await page.keyboard.press("Home");
  await comes(page, () => document.querySelector("#answer").textContent.startsWith("7"));
  const back = await settled(page);
  bench.check("afterwards the page works, and the words are gone", back.answer.startsWith("7") && back.problem === "", `${back.answer} ${back.problem}`);
  await bench.leave(visited, "a file that is gone", /Failed to load resource/);
}
