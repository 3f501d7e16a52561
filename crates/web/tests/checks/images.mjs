// Images from elsewhere: chosen, pasted, dropped; photographs held on a side; and files that are no images.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { drawings, PAD_WIDTH } from "../drawings/drawings.mjs";
import { held, Pictures } from "../harness/pictures.mjs";
import { board, draw, pointer } from "../harness/pointer.mjs";
import { comes, said, settled } from "../harness/visit.mjs";

const FLOOR = 0.97;

// A digit in the middle of its sheet.
function of(digit) {
  const drawing = drawings().find((one) => one.digit === digit && one.hand === "pupil" && one.size > 0.6);
  const all = drawing.strokes.flat();
  const middle = [0, 1].map((axis) => (Math.min(...all.map((point) => point[axis])) + Math.max(...all.map((point) => point[axis]))) / 2);
  return { ...drawing, strokes: drawing.strokes.map((stroke) => stroke.map(([x, y]) => [x - middle[0] + PAD_WIDTH / 2, y - middle[1] + 0.5])) };
}

export async function run(bench) {
  const pictures = await Pictures.open(bench.browser);
  const folder = await mkdtemp(join(tmpdir(), "page-test-"));
  const visited = await bench.visit();
  await chosen(bench, visited, pictures, folder);
  await many(bench, visited, pictures);
  await pasted(bench, visited, pictures);
  await dropped(bench, visited, pictures);
  await duringStroke(bench, visited, pictures);
  await noImages(bench, visited, folder);
  await bench.leave(visited, "images");
  await rm(folder, { recursive: true });
}

// Waits for the answer to an image; the page may forget the old one first.
async function read(page, wanted) {
  await comes(page, (text) => document.querySelector("#answer").textContent.includes(text), wanted, 2500);
  return settled(page);
}

async function chosen(bench, { page }, pictures, folder) {
  const photo = { type: "image/jpeg", height: 900 };
  const files = {
    "dark on paper": [await pictures.of([of(4)]), "4"],
    "light on dark": [await pictures.of([of(3)], { ink: "#fff", paper: "#000" }), "3"],
    "black on nothing": [await pictures.of([of(7)], { ink: "#000", paper: null }), "7"],
    "white on nothing": [await pictures.of([of(2)], { ink: "#fff", paper: null }), "2"],
    "a number": [await pictures.of([of(4), of(2), of(7)]), "427"],
    "a tiny image": [await pictures.of([of(5)], { height: 40 }), "5"],
    "a large photograph": [await pictures.of([of(6)], { type: "image/jpeg", height: 3000 }), "6"],
    "a photograph, upright": [held(await pictures.of([of(4)], photo), 1), "4"],
    // A camera that is held on a side stores the paper turned, and a word that says how to turn it back.
    "a photograph, upside down": [held(await pictures.of([of(4)], { ...photo, turned: 2 }), 3), "4"],
    "a photograph, held on its left": [held(await pictures.of([of(7)], { ...photo, turned: 1 }), 6), "7"],
    "a photograph, held on its right": [held(await pictures.of([of(2)], { ...photo, turned: 3 }), 8), "2"],
  };
  for (const [what, [bytes, wanted]] of Object.entries(files)) {
    const file = join(folder, `${what.replaceAll(" ", "-")}.${bytes[0] === 0xff ? "jpg" : "png"}`);
    await writeFile(file, bytes);
    await page.setInputFiles("#file", file);
    const { answer, problem } = await read(page, wanted);
    bench.check(`chosen, ${what}: ${wanted}`, answer.replace(/[?\s]/g, "") === wanted, `"${answer}" ${problem}`);
    await page.click("#clear");
    await settled(page);
  }
  // The same file twice is two choices.
  const again = join(folder, "dark-on-paper.png");
  await page.setInputFiles("#file", again);
  await read(page, "4");
  await page.click("#clear");
  await settled(page);
  await page.setInputFiles("#file", again);
  const { answer } = await read(page, "4");
  bench.check("the same file can be chosen again after clear", answer.startsWith("4"), answer);
  await page.click("#clear");
  await settled(page);

  const empty = join(folder, "blank.png");
  await writeFile(empty, await pictures.of([{ strokes: [], pen_width: 0.01 }]));
  await page.setInputFiles("#file", empty);
  await comes(page, () => document.querySelector("#status").dataset.status !== "empty", null, 2000);
  const blank = await settled(page);
  bench.check("a blank sheet is no digit", blank.status === "no-digit" && !/\d/.test(blank.answer), `${blank.status}: ${blank.words} "${blank.answer}"`);
  await page.click("#clear");
  await settled(page);
  // Drawing after an image begins anew or adds to it, but it must be answered.
  await page.setInputFiles("#file", again);
  await read(page, "4");
  await page.click("#clear");
  await draw(page, await pointer(page, "mouse"), of(9));
  bench.check("drawing goes on after an image", (await settled(page)).answer.startsWith("9"));
  await page.click("#clear");
  await settled(page);
}

// Drawings of all hands as photographs, also those that nearly touch the sheet's border.
async function many(bench, { page }, pictures) {
  const chosen = drawings().filter((_, index) => index % 7 === 0);
  const wrong = [];
  for (const drawing of chosen) {
    const buffer = await pictures.of([drawing], { type: "image/jpeg", height: 500 });
    await page.setInputFiles("#file", { name: "photo.jpg", mimeType: "image/jpeg", buffer });
    const { answer, status } = await settled(page);
    if (answer.replace(/[?\s]/g, "") !== String(drawing.digit)) wrong.push(`${drawing.hand} ${drawing.digit} ${drawing.place}: "${answer}" ${status}`);
    await page.click("#clear");
    await settled(page);
  }
  bench.check(`at least ${100 * FLOOR} % of ${chosen.length} photographs are read right`, wrong.length <= (1 - FLOOR) * chosen.length, `${chosen.length - wrong.length}; ${wrong.join(", ")}`);
}

// The browser's own clipboard and its own key.
async function pasted(bench, visited, pictures) {
  const { page, context } = visited;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const bytes = await pictures.of([of(3)]);
  await page.evaluate(async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) })]);
  }, bytes.toString("base64"));
  await page.keyboard.press("Control+V");
  const { answer } = await read(page, "3");
  bench.check("an image that is pasted is read", answer.startsWith("3"), answer);
  await page.click("#clear");
  await settled(page);
  await page.evaluate(() => navigator.clipboard.writeText("only words"));
  await page.keyboard.press("Control+V");
  await page.waitForTimeout(300);
  const words = await said(page);
  bench.check("pasted words are no digit, and no fault of the page", !/\d/.test(words.answer), `${words.status} ${words.problem}`);
  await page.click("#clear");
  await settled(page);
}

// A file that is let fall: the page sees the events that a file manager causes.
async function dropped(bench, { page }, pictures) {
  const bytes = await pictures.of([of(2)]);
  const drop = (encoded, name, type) => page.evaluate(([encoded, name, type]) => {
    const content = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([content], name, { type }));
    const zone = document.querySelector("#drop");
    const send = (kind) => {
      const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
      zone.dispatchEvent(event);
      return event.defaultPrevented;
    };
    return [send("dragenter"), send("dragover"), send("drop")];
  }, [encoded.toString("base64"), name, type]);
  const prevented = await drop(bytes, "two.png", "image/png");
  bench.check("the browser does not open the dropped file itself", prevented[1] && prevented[2], prevented.join());
  const { answer } = await read(page, "2");
  bench.check("an image that is dropped is read", answer.startsWith("2"), answer);
  await page.click("#clear");
  await settled(page);
  await drop(Buffer.from("no image"), "words.txt", "text/plain");
  await page.waitForTimeout(300);
  const { problem } = await said(page);
  bench.check("words that are dropped: words", problem.length > 10, problem || "silence");
  await page.click("#clear");
  await settled(page);
}

// An image that comes while a stroke is under way takes the pad, and the rest of the stroke belongs to nothing.
async function duringStroke(bench, { page }, pictures) {
  const device = await pointer(page, "mouse");
  const { at } = await board(page);
  await device.down(at([0.3, 0.3]));
  await device.move(at([0.5, 0.5]));
  await page.setInputFiles("#file", { name: "eight.png", mimeType: "image/png", buffer: await pictures.of([of(8)]) });
  await read(page, "8");
  await device.move(at([0.7, 0.3]));
  await device.up(at([0.7, 0.3]));
  const { answer, problem } = await settled(page);
  bench.check("an image that comes during a stroke is read", answer.startsWith("8") && problem === "", `"${answer}" ${problem}`);
  await page.click("#clear");
  await draw(page, device, of(9));
  bench.check("the next stroke is drawn as ever", (await settled(page)).answer.startsWith("9"));
  await page.click("#clear");
  await settled(page);
}

async function noImages(bench, { page }, folder) {
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk", "base64");
  const files = {
    "words.png": "this is no image",
    "empty.png": "",
    "cut.png": png,
    "page.html": "<!doctype html><p>4",
    "archive.jpg": Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0]),
  };
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    await writeFile(file, content);
    await page.setInputFiles("#file", file);
    await comes(page, (name) => document.querySelector("#problem").checkVisibility() && document.querySelector("#problem").textContent.includes(name), name, 2000);
    const { problem, answer } = await said(page);
    bench.check(`${name}: words that name it, and no answer`, problem.includes(name) && problem.length > 20 && !/\d/.test(answer), problem || "silence");
    await page.click("#clear");
    await settled(page);
  }
  await draw(page, await pointer(page, "mouse"), of(5));
  const { answer, problem } = await settled(page);
  bench.check("after files that are no images a drawing is read, and the words are gone", answer.startsWith("5") && problem === "", `${answer} ${problem}`);
}
