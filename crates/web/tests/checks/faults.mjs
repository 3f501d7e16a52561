// Whatever is broken, the page says so in words: silence is what people report.

import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { drawings } from "../drawings/drawings.mjs";
import { draw, pointer } from "../harness/pointer.mjs";
import { comes, said, settled, speak } from "../harness/visit.mjs";

const THREE = drawings().find((drawing) => drawing.digit === 3 && drawing.size > 0.5);
const HTML = "<!doctype html><title>Not found</title><p>There is no such page here.";
// The browser itself writes this of every file that is not there.
const NOT_THERE = /Failed to load resource/;

const inFront = (program) => async (folder) => {
  const file = join(folder, "script.js");
  await writeFile(file, program + "\n" + (await readFile(file, "utf8")));
};
const first = async (folder) => join(folder, JSON.parse(await readFile(join(folder, "models.json"), "utf8")).models[0].file);
const changed = (name, content) => (folder) => writeFile(join(folder, name), content);

// What is done to a copy of the folder, and what the words must speak of.
const FAULTS = {
  "engine.wasm is missing": [(folder) => rm(join(folder, "engine.wasm")), /engine/i],
  "engine.wasm is noise": [changed("engine.wasm", Buffer.alloc(5000, 7)), /engine|WebAssembly/i],
  "engine.wasm is cut": [(folder) => truncate(join(folder, "engine.wasm"), 20_000), /engine|WebAssembly/i],
  "engine.wasm is a page": [changed("engine.wasm", HTML), /engine|WebAssembly/i],
  "engine.wasm is empty": [changed("engine.wasm", ""), /engine|WebAssembly/i],
  "engine.wasm is another program": [changed("engine.wasm", Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])), /engine|WebAssembly/i],
  "models.json is missing": [(folder) => rm(join(folder, "models.json")), /models\.json/],
  "models.json is a page": [changed("models.json", HTML), /models\.json/],
  "models.json lists nothing": [changed("models.json", '{"models": []}'), /models?/],
  "models.json has another form": [changed("models.json", '{"runs": 3}'), /models?/],
  "models.json is empty": [changed("models.json", ""), /models\.json/],
  "the model is missing": [async (folder) => rm(await first(folder)), /model|safetensors/i],
  "the model is a page": [async (folder) => writeFile(await first(folder), HTML), /model|safetensors/i],
  "the model is cut": [async (folder) => truncate(await first(folder), 30_000), /model|safetensors/i],
  "the model is empty": [async (folder) => writeFile(await first(folder), ""), /model|safetensors/i],
  "the processor or browser has no SIMD": [
    inFront(`WebAssembly.validate = () => false;
      for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"])
        WebAssembly[name] = async () => { throw new WebAssembly.CompileError("Wasm SIMD unsupported"); };
      WebAssembly.Module = function () { throw new WebAssembly.CompileError("Wasm SIMD unsupported"); };`),
    /SIMD|WebAssembly|browser/i,
  ],
  "the browser has no WebAssembly": [inFront("delete globalThis.WebAssembly;"), /WebAssembly|browser/i],
  "the browser has no workers": [inFront("delete globalThis.Worker;"), /worker|browser/i],
  // In the end, when new workers have failed as well, it must not promise that one can go on.
  "the worker cannot start": [inFront('if (typeof document === "undefined") throw new Error("refused");'), /^(?!.*go on).*\w{4}/],
};

export async function run(bench) {
  for (const [what, [change, words]] of Object.entries(FAULTS)) {
    const { address } = await bench.sites.copy(change);
    const visited = await bench.visit({ address, wait: false });
    await spoken(bench, visited, what, words);
    await visited.close();
  }
  await fromDisk(bench);
  await inJapanese(bench);
  await panic(bench);
  await drawnTooEarly(bench);
}

// Waits for words, and checks that drawing afterwards is neither answered nor an exception.
async function spoken(bench, visited, what, words) {
  const { page } = visited;
  await comes(page, () => {
    const problem = document.querySelector("#problem");
    return problem !== null && problem.checkVisibility() && problem.textContent.trim().length > 10;
  }, null, 4000);
  await page.waitForTimeout(600);
  const state = await said(page);
  bench.check(`${what}: words`, state.problem.length > 10 && words.test(state.problem), state.problem || "silence");
  bench.check(`${what}: the state is an error`, state.status === "error", `${state.status}: ${state.words}`);
  await draw(page, await pointer(page, "mouse"), THREE);
  await page.waitForTimeout(100);
  const { answer } = await said(page);
  bench.check(`${what}: no answer is made up`, !/\d/.test(answer), answer);
  const uncaught = visited.complaints.filter((text) => !NOT_THERE.test(text) && !/refused/.test(text));
  bench.check(`${what}: nothing uncaught`, uncaught.length === 0, uncaught.slice(0, 2).join(" | "));
}

// A double click on index.html. Chromium allows neither workers nor requests there, and says so itself.
async function fromDisk(bench) {
  const visited = await bench.visit({ address: pathToFileURL(join(bench.options.site, "index.html")).href, wait: false });
  await comes(visited.page, () => document.querySelector("#problem")?.checkVisibility(), null, 4000);
  const { problem, status } = await said(visited.page);
  bench.check("file://: words that name a way out", /serve|server|http/i.test(problem), problem || "silence");
  bench.check("file://: the state is an error", status === "error", status);
  const uncaught = visited.complaints.filter((text) => text.startsWith("uncaught"));
  bench.check("file://: nothing uncaught", uncaught.length === 0, uncaught.join(" | "));
  await visited.close();
}

async function inJapanese(bench) {
  const { address } = await bench.sites.copy(async (folder) => rm(await first(folder)));
  const visited = await bench.visit({ address, locale: "ja-JP", wait: false });
  await comes(visited.page, () => document.querySelector("#problem")?.checkVisibility(), null, 4000);
  const { problem } = await said(visited.page);
  bench.check("a fault in Japanese: words in Japanese", /[ぁ-んァ-ン一-龯]/.test(problem), problem);
  await speak(visited.page, "en");
  const { problem: turned } = await said(visited.page);
  bench.check("the words turn with the language", turned !== "" && !/[ぁ-んァ-ン一-龯]/.test(turned), turned);
  await visited.close();
}

// A panic of the engine ends its instance: the page says so, and the next drawing is read by a new one.
async function panic(bench) {
  const { address } = await bench.sites.copy(inFront(`if (typeof document === "undefined") {
    let left = 1;
    const breaking = (read) => (...given) => {
      if (left-- > 0) throw new WebAssembly.RuntimeError("unreachable");
      return read(...given);
    };
    const broken = (exports) => Object.fromEntries(Object.entries(exports).map(([name, value]) => [name, name.startsWith("read") ? breaking(value) : value]));
    for (const name of ["instantiate", "instantiateStreaming"]) {
      const right = WebAssembly[name];
      WebAssembly[name] = async (...given) => {
        const made = await right.apply(WebAssembly, given);
        return made.instance ? { module: made.module, instance: { exports: broken(made.instance.exports) } } : { exports: broken(made.exports) };
      };
    }
    const Right = WebAssembly.Instance;
    WebAssembly.Instance = function (...given) { return { exports: broken(new Right(...given).exports) }; };
  }`));
  const visited = await bench.visit({ address, wait: false });
  await comes(visited.page, () => document.documentElement.dataset.ready === "true");
  await visited.page.evaluate(() => {
    window.heard = [];
    const problem = document.querySelector("#problem");
    const note = () => problem.checkVisibility() && window.heard.push(problem.textContent.trim());
    new MutationObserver(note).observe(problem, { childList: true, subtree: true, characterData: true, attributes: true });
    note();
  });
  const device = await pointer(visited.page, "mouse");
  await draw(visited.page, device, THREE);
  await settled(visited.page);
  const heard = await visited.page.evaluate(() => window.heard);
  bench.check("a panic of the engine: words", heard.some((words) => words.length > 10), heard[0] ?? "silence");
  await visited.page.click("#clear");
  await draw(visited.page, device, THREE);
  const { answer, problem } = await settled(visited.page);
  bench.check("after a panic a new engine reads", answer.startsWith("3"), answer);
  bench.check("after a panic the words go away", problem === "", problem);
  await visited.close();
}

// On a slow line one draws before the model is there: the page says that it loads, and answers when it can.
async function drawnTooEarly(bench) {
  const visited = await bench.visit({
    wait: false,
    before: (page, context) => context.route(/\.safetensors/, async (route) => {
      await new Promise((done) => setTimeout(done, 2500));
      await route.continue();
    }),
  });
  const device = await pointer(visited.page, "mouse");
  await draw(visited.page, device, THREE);
  const early = await said(visited.page);
  bench.check("before the model is there the page says that it loads", early.status === "loading" && early.words.length > 3, `${early.status}: ${early.words}`);
  await comes(visited.page, () => /\d/.test(document.querySelector("#answer").textContent), null, 6000);
  const late = await settled(visited.page);
  bench.check("what was drawn meanwhile is answered", late.answer.startsWith("3"), late.answer);
  await bench.leave(visited, "a slow line");
}
