// The page that `mnist-cnn serve` shows at /, which asks the server's API: a stand-in for it answers here.

import { drawings } from "../drawings/drawings.mjs";
import { draw, pointer } from "../harness/pointer.mjs";
import { StandIn } from "../harness/stand_in.mjs";
import { comes, said, settled } from "../harness/visit.mjs";

const of = (digit) => drawings().find((drawing) => drawing.digit === digit && drawing.size > 0.5);

const REFUSALS = {
  "the server is busy": { status: 503, type: "application/json", text: '{"error": {"code": "busy", "message": "too many requests wait"}}' },
  "the server refuses the image": { status: 413, type: "application/json", text: '{"error": {"code": "too-large", "message": "at most 20 MiB"}}' },
  "something between answers with a page": { status: 502, type: "text/html", text: "<html>Bad gateway" },
  "the answer is cut": { status: 200, type: "application/json", text: '{"status": "re' },
  "the answer is of another kind": { status: 200, type: "application/json", text: "[]" },
};

export async function run(bench) {
  const server = await StandIn.start(bench.options.site);
  const visited = await bench.visit({ address: server.address });
  const { page } = visited;
  const device = await pointer(page, "mouse");
  bench.check("no engine and no model is fetched", visited.requests.every((url) => !/wasm|safetensors|models\.json/.test(url)), visited.requests.join(" "));
  await draw(page, device, of(4));
  const first = await answered(page, "4");
  bench.check("a drawing is read by the server", first.answer.startsWith("4"), first.answer);
  const { type, width, height, pixels } = server.bodies.at(-1);
  bench.check("it is sent as JSON with grey pixels", type?.startsWith("application/json") && Buffer.from(pixels, "base64").length === width * height, `${type} ${width}x${height}`);
  bench.check("the bars show the server's probabilities", (await page.locator("#bars").textContent()).includes("%"));
  const inside = await page.evaluate(() => ["#maps", "#epochs", "#second", "#seen", "#evidence"].filter((id) => document.querySelector(id)?.checkVisibility()));
  bench.check("what only the browser's engine explains is hidden", inside.length === 0, inside.join(" "));
  bench.check("the page names the server's model", (await page.evaluate(() => document.body.innerText)).includes(server.engine.description.source.run));
  await page.click("#clear");
  const cleared = await settled(page);
  bench.check("clear: no answer", cleared.status === "empty" && !/\d/.test(cleared.answer), cleared.status);

  for (const [what, instead] of Object.entries(REFUSALS)) {
    server.instead = instead;
    await draw(page, device, of(2));
    await comes(page, () => document.querySelector("#problem").checkVisibility(), null, 3000);
    const { problem, answer } = await said(page);
    const isSpoken = problem.length > 10 && !/undefined|not a function|not iterable|JSON/.test(problem);
    bench.check(`${what}: words and no answer`, isSpoken && !/\d/.test(answer), problem || `silence, "${answer}"`);
    server.instead = null;
    await page.click("#clear");
    await draw(page, device, of(3));
    const again = await answered(page, "3");
    bench.check(`${what}: afterwards the next drawing is read`, again.answer.startsWith("3") && again.problem === "", `${again.answer} ${again.problem}`);
    await page.click("#clear");
  }

  await server.end();
  await draw(page, device, of(2));
  await comes(page, () => document.querySelector("#problem").checkVisibility(), null, 3000);
  const { problem } = await said(page);
  bench.check("the server has ended: words", problem.length > 10, problem || "silence");
  await bench.leave(visited, "a served page", /Failed to load resource/);
}

// Answers come over the network, so the page is asked until it says what is expected, or long enough.
async function answered(page, digit) {
  await comes(page, (digit) => document.querySelector("#answer").textContent.startsWith(digit), digit, 4000);
  return settled(page, 300);
}
