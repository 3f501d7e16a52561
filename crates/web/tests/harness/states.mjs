// The states in which a person sees the page, for the checks of words and looks.

import { drawings } from "../drawings/drawings.mjs";
import { draw, follow, pointer, board } from "./pointer.mjs";
import { comes, settled } from "./visit.mjs";

const of = (digit) => drawings().find((drawing) => drawing.digit === digit && drawing.hand === "german" && drawing.size > 0.6);

// Each state is reached from a page that is empty; `leave` makes it empty again.
export const STATES = {
  empty: async () => {},
  drawn: async (page) => {
    await draw(page, await pointer(page, "mouse"), { ...of(7), place: "centre" });
    await settled(page);
  },
  number: async (page) => {
    const device = await pointer(page, "mouse");
    const { box } = await board(page);
    for (const [index, digit] of [4, 2].entries()) {
      const at = ([x, y]) => [box.left + box.width * (0.08 + 0.5 * index) + 0.55 * box.height * x, box.top + box.height * (0.2 + 0.55 * y)];
      for (const stroke of of(digit).strokes.map((stroke) => stroke.map(([x, y]) => [x - leftOf(of(digit)), y]))) await follow(device, stroke.map(at));
    }
    await settled(page);
  },
  scribble: async (page) => {
    const device = await pointer(page, "mouse");
    const { at } = await board(page);
    const points = Array.from({ length: 60 }, (_, i) => at([0.6 + 0.4 * Math.sin(i * 1.7), 0.5 + 0.38 * Math.cos(i * 2.3)]));
    await follow(device, points);
    await settled(page);
  },
  problem: async (page) => {
    await page.setInputFiles("#file", { name: "words.png", mimeType: "image/png", buffer: Buffer.from("this is no image") });
    await comes(page, () => document.querySelector("#problem").checkVisibility(), null, 2000);
  },
  explained: async (page) => {
    await page.locator("#examples button[data-example]").nth(1).click();
    await settled(page);
    await openAll(page);
    const map = page.locator("#maps canvas").first();
    await map.waitFor({ timeout: 3000 });
    await map.scrollIntoViewIfNeeded();
    const box = await map.boundingBox();
    const words = () => page.locator("#explanation").textContent();
    const before = await words();
    // Between the maps there is nothing to point at, so the pointer goes on until something is explained.
    for (let x = 17; x < box.width && (await words()) === before; x += 5) {
      await page.mouse.move(box.x + x, box.y + 15);
      await page.mouse.click(box.x + x, box.y + 15);
      await page.waitForTimeout(60);
    }
    if ((await words()) === before) throw new Error("no pixel of the first unit's maps is explained");
    await page.waitForTimeout(250);
  },
};

// Opens everything that can be folded away.
export async function openAll(page) {
  await page.evaluate(() => document.querySelectorAll("details:not([open])").forEach((details) => (details.open = true)));
}

export async function leave(page) {
  await page.mouse.move(2, 2);
  await page.click("#clear");
  await settled(page);
  await page.evaluate(() => window.scrollTo(0, 0));
}

function leftOf(drawing) {
  return Math.min(...drawing.strokes.flat().map((point) => point[0]));
}
