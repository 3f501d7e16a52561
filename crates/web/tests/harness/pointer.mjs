// Moves a mouse, a finger or two over the pad along the strokes of a drawing.

import { PAD_WIDTH } from "../drawings/drawings.mjs";

// The pad on the screen, and what turns a drawing's points (in heights of the pad) into points of the window. A wider
// pad than drawings are made for leaves them in their corner, and a narrower one makes them smaller.
export async function board(page, { place = "centre", scroll = true } = {}) {
  const pad = page.locator("#pad");
  if (scroll) await pad.scrollIntoViewIfNeeded();
  const box = await pad.evaluate((element) => {
    const edge = element.getBoundingClientRect();
    return { left: edge.left + element.clientLeft, top: edge.top + element.clientTop, width: element.clientWidth, height: element.clientHeight };
  });
  const scale = Math.min(box.height, box.width / PAD_WIDTH);
  const room = [box.width - scale * PAD_WIDTH, box.height - scale];
  const share = place === "centre" ? [0.5, 0.5] : [place.endsWith("right") ? 1 : 0, place.startsWith("bottom") ? 1 : 0];
  return { box, at: ([x, y]) => [box.left + share[0] * room[0] + scale * x, box.top + share[1] * room[1] + scale * y] };
}

// The pen of the page whose line is next to that of the drawing, where the page lets one choose.
export async function takePen(page, drawing) {
  return page.evaluate(({ pen, pen_width }) => {
    const choice = document.querySelector("#pen");
    if (choice === null) return false;
    const buttons = [...choice.querySelectorAll(`[value="${pen}"], [data-pen="${pen}"]`)];
    if (choice.tagName === "SELECT") choice.value = pen;
    else if (choice.tagName === "INPUT") choice.value = String(pen_width);
    else if (buttons.length > 0) buttons[0].click();
    choice.dispatchEvent(new Event("input", { bubbles: true }));
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }, drawing);
}

// A device that draws: down, move and up at points of the window.
class Mouse {
  constructor(session) {
    this.session = session;
  }
  #send(type, [x, y], button, buttons) {
    return this.session.send("Input.dispatchMouseEvent", { type, x, y, button, buttons, clickCount: type === "mouseMoved" ? 0 : 1 });
  }
  async down(point, button = "left") {
    await this.#send("mouseMoved", point, "none", 0);
    await this.#send("mousePressed", point, button, button === "left" ? 1 : 2);
  }
  move(point) {
    return this.#send("mouseMoved", point, "left", 1);
  }
  up(point, button = "left") {
    return this.#send("mouseReleased", point, button, 0);
  }
}

class Finger {
  constructor(session, id = 0) {
    this.session = session;
    this.id = id;
  }
  #send(type, points) {
    const touchPoints = points.map(([x, y]) => ({ x, y, id: this.id, radiusX: 6, radiusY: 6, force: 0.5 }));
    return this.session.send("Input.dispatchTouchEvent", { type, touchPoints });
  }
  down(point) {
    return this.#send("touchStart", [point]);
  }
  move(point) {
    return this.#send("touchMove", [point]);
  }
  up() {
    return this.#send("touchEnd", []);
  }
}

export async function pointer(page, kind) {
  const session = await page.context().newCDPSession(page);
  return kind === "touch" ? new Finger(session) : new Mouse(session);
}

// So many events are under way at once. A hand does not wait for the page, and the browser hands the events of a frame
// to the page together.
const AT_ONCE = 8;

// Follows the points of a stroke.
export async function follow(device, points) {
  await device.down(points[0]);
  for (let i = 1; i < points.length; i += AT_ONCE) {
    await Promise.all(points.slice(i, i + AT_ONCE).map((point) => device.move(point)));
  }
  await device.up(points[points.length - 1]);
}

// Draws all strokes of a drawing. Returns the points of the window that the pointer went through.
export async function draw(page, device, drawing, where = {}) {
  const { at } = await board(page, { place: drawing.place, ...where });
  const strokes = drawing.strokes.map((stroke) => stroke.map(at));
  for (const stroke of strokes) await follow(device, stroke);
  return strokes;
}
