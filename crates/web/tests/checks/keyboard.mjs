// The page without a pointer: the Tab key reaches everything, one sees where one is, and Enter reads an example.

import { said, settled } from "../harness/visit.mjs";

// In the page: a word for an element that a person recognises it by.
const NAME = `window.nameOf = (element) => element.id ? "#" + element.id
  : element.tagName.toLowerCase() + ":" + (element.getAttribute("aria-label") ?? element.textContent.trim() ?? element.name).slice(0, 30)
    + (element.dataset.example ? "[example " + element.dataset.example + "]" : "");`;

export async function run(bench) {
  const visited = await bench.visit();
  const { page } = visited;
  await page.evaluate(NAME);
  await page.evaluate(() => {
    window.controls = () => {
      const seen = new Set();
      return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex], [contenteditable]")].filter((element) => {
        // Only what is moved to with arrows, as the choices of a list, may stay out of the Tab key's way.
        const isOwn = element.matches("button, input, select, textarea, summary, a") && element.closest('[role="toolbar"], [role="listbox"], [role="tablist"]') === null;
        if (element.disabled || (element.tabIndex < 0 && !isOwn) || !element.checkVisibility({ visibilityProperty: true })) return false;
        // Of the radio buttons of a group the Tab key reaches one.
        if (element.type !== "radio") return true;
        if (seen.has(element.name)) return false;
        return seen.add(element.name);
      });
    };
    // Whether one sees a difference while the element has the focus.
    window.look = (element) => {
      const rules = [element, element.parentElement, element.nextElementSibling].filter(Boolean).map((each) => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor, textDecorationLine } = getComputedStyle(each);
        return [outlineStyle === "none" ? "" : outlineStyle + outlineWidth + outlineColor, boxShadow, borderColor, backgroundColor, textDecorationLine].join();
      });
      return rules.join("|");
    };
  });

  await tabs(bench, page);
  await example(bench, page);
  await names(bench, page);
  await bench.leave(visited, "the keyboard");
}

async function tabs(bench, page) {
  await page.locator("#examples button[data-example]").first().evaluate((button) => button.click());
  await settled(page);
  await page.evaluate(() => {
    document.activeElement.blur();
    window.plain = new Map(window.controls().map((element) => [element, window.look(element)]));
    window.scrollTo(0, 0);
  });
  const visitedNames = [];
  const unseen = [];
  const hidden = [];
  for (let i = 0; i < 400; i += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body || element === null) return null;
      const first = window.begun === undefined;
      if (first) window.begun = element;
      else if (window.begun === element) return null;
      const box = element.getBoundingClientRect();
      const target = element.type === "file" || box.width < 2 ? (element.labels?.[0] ?? element) : element;
      const place = target.getBoundingClientRect();
      return {
        name: window.nameOf(element),
        differs: !window.plain.has(element) || window.plain.get(element) !== window.look(element),
        inWindow: place.bottom > 0 && place.top < innerHeight && place.width > 1,
      };
    });
    if (at === null) break;
    visitedNames.push(at.name);
    if (!at.differs) unseen.push(at.name);
    if (!at.inWindow) hidden.push(at.name);
  }
  const all = await page.evaluate(() => window.controls().map((element) => window.nameOf(element)));
  const missed = all.filter((name) => !visitedNames.includes(name));
  bench.check("the Tab key reaches every control", missed.length === 0 && all.length > 8, missed.length === 0 ? `${all.length} controls` : missed.join(", "));
  bench.check("one sees where one is", unseen.length === 0, unseen.slice(0, 5).join(", "));
  bench.check("what has the focus is in the window", hidden.length === 0, hidden.slice(0, 5).join(", "));
  for (const id of ["#clear", "#undo", "#language", "#file"]) {
    const reached = visitedNames.includes(id) || (await page.locator(id).evaluate((element) => element.disabled || element.querySelector("button, input, select") !== null));
    bench.check(`${id} is reached`, reached);
  }
}

async function example(bench, page) {
  await page.click("#clear");
  await settled(page);
  for (const [index, key] of ["Enter", "Space"].entries()) {
    await page.evaluate((index) => document.querySelectorAll("#examples button[data-example]")[index].focus(), index);
    await page.keyboard.press(key);
    const { answer, status } = await settled(page);
    bench.check(`an example by ${key} is read`, /\d/.test(answer) && ["read", "not-sure"].includes(status), `${answer} ${status}`);
    await page.focus("#clear");
    await page.keyboard.press(key);
    const cleared = await settled(page);
    bench.check(`clear by ${key}`, cleared.status === "empty" && !/\d/.test(cleared.answer), cleared.status);
  }
  // Every example is what its name says, if its name is a digit.
  const wrong = [];
  for (const button of await page.locator("#examples button[data-example]").all()) {
    const wanted = await button.getAttribute("data-example");
    await button.focus();
    await page.keyboard.press("Enter");
    const { answer } = await settled(page);
    if (/^\d+$/.test(wanted) && !answer.startsWith(wanted)) wrong.push(`${wanted}: ${answer}`);
    if (answer === "") wrong.push(`${wanted}: nothing`);
  }
  bench.report.say(`examples that are read as something else: ${wrong.join(", ") || "none"}`);
}

// What a screen reader would say: every control has a name, and the answer is announced.
async function names(bench, page) {
  const { announced, alert } = await page.evaluate(() => ({
    announced: document.querySelector("#answer").closest("[aria-live]")?.getAttribute("aria-live"),
    alert: document.querySelector("#problem").getAttribute("role"),
  }));
  bench.check("the answer is announced", announced === "polite", announced);
  bench.check("a problem is an alert", alert === "alert", alert);
  const snapshot = await page.locator("body").ariaSnapshot();
  const nameless = snapshot.split("\n").filter((line) => /^\s*- (button|link|combobox|slider|textbox|checkbox|radio|img)\s*:?$/.test(line));
  bench.check("every control has a name", nameless.length === 0, nameless.slice(0, 4).join(", "));
  const { words } = await said(page);
  bench.check("the state is in words", words.length > 0, words);
}
