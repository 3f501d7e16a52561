// A visit: one page in one window of its own, with everything that it asked for and complained of written down.

import { createRequire } from "node:module";
import { join, resolve } from "node:path";

// Playwright from the folder where npm put it, which is not beside this file.
export function playwright(modules) {
  return createRequire(join(resolve(modules), "from-here.js"))("playwright-core");
}

export async function launch(options, extra = {}) {
  return playwright(options.modules).chromium.launch({ executablePath: options.chromium, ...extra });
}

// Opens `address` in a fresh window. `wish` holds Playwright's options of a window, and:
//   before(page, context)   called before the page is loaded
//   wait: false             does not wait for the page to be ready
export async function visit(browser, address, { before, wait = true, ...wish } = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 }, ...wish });
  const requests = [];
  const complaints = [];
  context.on("request", (request) => requests.push(request.url()));
  const page = await context.newPage();
  await page.addInitScript(countWork);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  if (before) await before(page, context);
  await page.goto(address);
  if (wait) await ready(page);
  return { page, context, requests, complaints, pad: page.locator("#pad"), close: () => context.close() };
}

// Waits until a first prediction is possible.
export async function ready(page) {
  await page.waitForFunction(() => document.documentElement.dataset.ready === "true", null, { timeout: 20_000 });
}

// What the page says now.
export async function said(page) {
  return page.evaluate(() => {
    const status = document.querySelector("#status");
    const problem = document.querySelector("#problem");
    return {
      answer: document.querySelector("#answer").textContent.trim(),
      status: status.dataset.status,
      words: status.textContent.trim(),
      problem: problem && problem.checkVisibility() ? problem.textContent.trim() : "",
      read: window.mnist?.read?.() ?? null,
    };
  });
}

// Runs in the page before anything else: counts what its workers were asked and have not answered.
function countWork() {
  window.unanswered = 0;
  const Right = window.Worker;
  window.Worker = class extends Right {
    constructor(...given) {
      super(...given);
      // A message that a check held back and sends again was counted before.
      super.addEventListener("message", (event) => (window.unanswered -= event.isTrusted ? 1 : 0));
    }
    postMessage(...given) {
      window.unanswered += 1;
      super.postMessage(...given);
    }
    terminate() {
      window.unanswered = 0;
      super.terminate();
    }
  };
}

// Waits until the workers have nothing to do and the page has said the same for `quiet` ms, and returns what it says.
// The page answers while one draws, so the first answer after a stroke may belong to half of it.
export async function settled(page, quiet = 100) {
  await page.evaluate(
    (wanted) =>
      new Promise((done) => {
        const look = () => {
          const status = document.querySelector("#status");
          const bars = [...document.querySelectorAll("#bars [data-probability]")].map((bar) => bar.dataset.probability).join();
          return [status.dataset.status, status.textContent, document.querySelector("#answer").textContent, bars].join("|");
        };
        const begin = performance.now();
        let [last, since] = [look(), begin];
        const timer = setInterval(() => {
          const now = performance.now();
          const seen = look();
          if (seen !== last || window.unanswered > 0) [last, since] = [seen, now];
          if (now - since < wanted && now - begin < 10_000) return;
          clearInterval(timer);
          done();
        }, 20);
      }),
    quiet,
  );
  return said(page);
}

// Waits until `test`, a function that runs in the page, holds; says whether it came to hold within `timeout` ms.
export async function comes(page, test, argument = null, timeout = 5000) {
  return page.waitForFunction(test, argument, { timeout }).then(() => true, () => false);
}

// Turns the page's language. The switch is a button, a list, or holds one button for each language.
export async function speak(page, language) {
  if ((await page.evaluate(() => document.documentElement.lang)).startsWith(language)) return;
  const kind = await page.locator("#language").evaluate((element) => element.tagName);
  if (kind === "SELECT") await page.selectOption("#language", language);
  else if (kind === "BUTTON" || kind === "A") await page.click("#language");
  else await page.click(`#language [lang="${language}"], #language [data-language="${language}"], #language [value="${language}"]`);
  await page.waitForFunction((wanted) => document.documentElement.lang.startsWith(wanted), language, { timeout: 3000 });
}
