// Draws every drawing of drawings.mjs stroke by stroke, with mouse and finger at three densities of pixels, and
// compares what the page says.

import { join } from "node:path";

import { drawings } from "../drawings/drawings.mjs";
import { draw, pointer, takePen } from "../harness/pointer.mjs";
import { comes, settled } from "../harness/visit.mjs";

const RATIOS = [1, 1.5, 3];
const POINTERS = ["mouse", "touch"];
const FLOOR = 0.97;

export async function run(bench) {
  const all = drawings().filter((_, i) => !bench.options.short || i % 5 === 0);
  const ways = RATIOS.flatMap((ratio) => POINTERS.map((kind) => ({ ratio, kind })));
  const results = [];
  for (const [index, { ratio, kind }] of ways.entries()) {
    const phone = kind === "touch";
    const visited = await bench.visit({
      deviceScaleFactor: ratio,
      hasTouch: phone,
      viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 900 },
    });
    const device = await pointer(visited.page, kind);
    // Drawing number i goes to way number i modulo 6, so each hand meets each way.
    for (let i = index; i < all.length; i += ways.length) {
      const drawing = all[i];
      const withPen = await takePen(visited.page, drawing);
      await draw(visited.page, device, drawing);
      const { answer, status } = await settled(visited.page);
      const right = answer.replace(/[?？\s]/g, "") === String(drawing.digit);
      results.push({ ...drawing, ratio, kind, right, status, pen: withPen ? drawing.pen : "the page's" });
      if (!right) {
        bench.report.say(`drawing ${i}, ${drawing.hand} ${drawing.digit}, pen ${drawing.pen}, size ${drawing.size}, ${drawing.place}, ` +
          `slant ${drawing.slant}, ${kind} at ${ratio}: "${answer}" (${status})`);
        if (bench.options.screenshots) await visited.pad.screenshot({ path: join(bench.options.screenshots, `wrong-${i}.png`) });
      }
      await visited.page.click("#clear");
      await comes(visited.page, () => document.querySelector("#status").dataset.status === "empty");
    }
    await bench.leave(visited, `${kind} at ${ratio}`);
  }

  for (const by of ["hand", "digit", "pen", "size", "place", "ratio", "kind"]) {
    const groups = [...new Set(results.map((result) => result[by]))];
    bench.report.say(`by ${by}: ${groups.map((group) => `${group} ${share(results.filter((result) => result[by] === group))}`).join(", ")}`);
  }
  const unsure = results.filter((result) => result.right && result.status === "not-sure").length;
  bench.report.say(`${unsure} of the right ones were marked as not sure`);
  const right = results.filter((result) => result.right).length;
  bench.check(`at least ${100 * FLOOR} % of ${results.length} drawings are read right`, right >= FLOOR * results.length, share(results));
}

function share(results) {
  const right = results.filter((result) => result.right).length;
  return `${right}/${results.length} ${((100 * right) / results.length).toFixed(1)} %`;
}
