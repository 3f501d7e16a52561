// The page is a folder that asks nobody: no address but its own, nothing stored, a policy that forbids the rest, words
// that work without a network, and the newest model after a reload.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import { drawings } from "../drawings/drawings.mjs";
import { aged, renamed } from "../harness/model_file.mjs";
import { draw, pointer } from "../harness/pointer.mjs";
import { comes, ready, settled } from "../harness/visit.mjs";

const SEVEN = drawings().find((drawing) => drawing.digit === 7 && drawing.size > 0.5);
const TWO = drawings().find((drawing) => drawing.digit === 2 && drawing.size > 0.5);

export async function run(bench) {
  await writtenAddresses(bench);
  await askedAndStored(bench);
  await policy(bench);
  await offline(bench);
  await newestModel(bench);
}

// What the files say. A name of a standard (www.w3.org) and a link to be clicked are no requests.
async function writtenAddresses(bench) {
  for (const name of (await readdir(bench.options.site)).filter((name) => /\.(html|css|js|json)$/.test(name))) {
    const text = await readFile(join(bench.options.site, name), "utf8");
    const addresses = text.match(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z.]{2,}[^\s"'`)<]*/gi) ?? [];
    const foreign = addresses.filter((address) => !address.includes("//www.w3.org/"));
    const inLinks = new Set([...text.matchAll(/<a\s[^>]*href="([^"]*)"/g)].map((match) => match[1]));
    bench.check(`${name} names no address elsewhere`, foreign.every((address) => inLinks.has(address)), foreign.slice(0, 3).join(" "));
    const rooted = text.match(/(?:src|href|action)="\/[^"]*"|url\(["']?\/[^)]*\)|fetch\(["'`]\/[^)]*\)/g) ?? [];
    bench.check(`${name} has relative addresses only`, rooted.length === 0, rooted.slice(0, 3).join(" "));
  }
}

async function askedAndStored(bench) {
  const visited = await bench.visit();
  const device = await pointer(visited.page, "mouse");
  await draw(visited.page, device, SEVEN);
  await settled(visited.page);
  for (const example of (await visited.page.locator("#examples button[data-example]").all()).slice(0, 3)) await example.click();
  await settled(visited.page);
  const foreign = visited.requests.filter((url) => !url.startsWith(bench.site.address) && !url.startsWith("data:") && !url.startsWith("blob:"));
  bench.check("every request stays below the page's own path", foreign.length === 0 && visited.requests.length >= 5,
    foreign.length === 0 ? `${visited.requests.length} requests` : foreign.join(" "));
  const kept = await visited.page.evaluate(async () => ({
    cookie: document.cookie,
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));
  const cookies = await visited.context.cookies();
  bench.check("no cookie, no storage", cookies.length === 0 && Object.values(kept).every((value) => !value), JSON.stringify(kept));
  await bench.leave(visited, "a first use");
}

// The policy is tried out, not only read: a script, a style and a request from elsewhere must not come through.
async function policy(bench) {
  const visited = await bench.visit();
  const tried = await visited.page.evaluate(async () => {
    const refused = [];
    document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    document.body.append(script);
    const image = new Image();
    image.src = "http://127.0.0.1:1/x.png";
    await fetch("http://127.0.0.1:1/").catch(() => {});
    const base = document.createElement("base");
    base.href = "http://127.0.0.1:1/";
    document.head.append(base);
    const moved = document.baseURI;
    base.remove();
    await new Promise((done) => setTimeout(done, 300));
    let evaluated = false;
    try {
      evaluated = new Function("return true")();
    } catch {
      // It is refused, as it should be.
    }
    window.refused = refused;
    return { refused, injected: window.injected === true, moved: moved.includes(":1/"), evaluated };
  });
  const words = JSON.stringify(tried);
  bench.check("an injected script does not run", !tried.injected, words);
  bench.check("text is not evaluated as a program", !tried.evaluated);
  bench.check("images and requests to elsewhere are refused", ["img-src", "connect-src"].every((name) => tried.refused.includes(name)), words);
  bench.check("the base of addresses cannot be moved", !tried.moved);
  await visited.page.evaluate(() => {
    const form = document.createElement("form");
    form.action = "http://127.0.0.1:1/";
    document.body.append(form);
    form.submit();
  });
  const refused = await comes(visited.page, () => window.refused?.includes("form-action"), null, 1000);
  bench.check("a form cannot be sent elsewhere", refused);
  await visited.close();
}

async function offline(bench) {
  const visited = await bench.visit();
  await visited.context.setOffline(true);
  const device = await pointer(visited.page, "mouse");
  await draw(visited.page, device, SEVEN);
  const drawn = await settled(visited.page);
  bench.check("offline a drawing is read", drawn.answer.startsWith("7"), drawn.answer);
  await visited.page.click("#clear");
  await visited.page.locator("#examples button[data-example]").first().click();
  const example = await settled(visited.page);
  bench.check("offline an example is read", /\d/.test(example.answer), example.answer);
  bench.check("offline nothing is wrong", example.problem === "", example.problem);
  await bench.leave(visited, "offline");
}

// The folder gets another model under the same name while the browser holds the old one, and believes it good for days.
async function newestModel(bench) {
  let file;
  const { address, folder } = await bench.sites.copy(async (folder) => {
    const { models } = JSON.parse(await readFile(join(folder, "models.json"), "utf8"));
    file = models[0].file;
    for (const name of await readdir(folder)) await aged(join(folder, name), 400);
  });
  const visited = await bench.visit({ address });
  const before = await visited.page.evaluate(() => window.mnist.model());
  const run = before.source.run ?? before.title;
  const words = await visited.page.evaluate(() => document.body.innerText);
  bench.check("the page names the model", words.includes(run) || words.includes(before.title), run);

  await renamed(join(folder, file), join(folder, file), run, "another-run-42");
  await visited.page.reload();
  await ready(visited.page);
  const after = await visited.page.evaluate(() => window.mnist.model());
  bench.check("after a reload the new model is there", JSON.stringify(after).includes("another-run-42"), JSON.stringify(after.source));
  bench.check("the page names the new one", await comes(visited.page, () => document.body.innerText.includes("another-run-42"), null, 2000));
  const device = await pointer(visited.page, "mouse");
  await draw(visited.page, device, TWO);
  const { answer } = await settled(visited.page);
  bench.check("and reads with it", answer.startsWith("2"), answer);
  await bench.leave(visited, "a new model");
}
