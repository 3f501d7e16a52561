// Tests the built page as people use it, in Debian's Chromium, and prints a line for each check.
//
//   node main.mjs --site target/web --chromium /usr/bin/chromium --modules target/page-test/node_modules
//     [--screenshots DIR] [--only NAME[,NAME]] [--short]
//
// `cargo xtask page-test` builds the folder, installs the modules and runs this.

import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { Report } from "./harness/report.mjs";
import { Sites } from "./harness/site.mjs";
import { launch, visit } from "./harness/visit.mjs";

// In the order in which they run: what is quick first.
const GROUPS = ["sizes", "requests", "pad", "faults", "images", "keyboard", "explanation", "models", "served", "language", "looks", "timing", "drawn"];

const { values: options } = parseArgs({
  options: {
    site: { type: "string", default: "target/web" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    modules: { type: "string", default: "target/page-test/node_modules" },
    screenshots: { type: "string" },
    only: { type: "string" },
    // Every fifth drawing.
    short: { type: "boolean", default: false },
  },
});
options.site = resolve(options.site);
if (options.screenshots) await mkdir(options.screenshots, { recursive: true });

const wanted = options.only ? options.only.split(",") : GROUPS;
const unknown = wanted.filter((name) => !GROUPS.includes(name));
if (unknown.length > 0) {
  console.error(`there is no group ${unknown.join(", ")}; there are ${GROUPS.join(", ")}`);
  process.exit(2);
}

const report = new Report();
const sites = await Sites.serve(options.site);
const browser = await launch(options);
// What a group of checks has: the report, the copies of the page, the browser, and visits to the unbroken page.
const bench = {
  report,
  options,
  sites,
  browser,
  site: await sites.copy(),
  check: (...what) => report.check(...what),
  visit: ({ address = bench.site.address, ...wish } = {}) => visit(browser, address, wish),
  // Ends a visit, whose page must not have complained or asked anybody else. `tolerated` matches complaints that the
  // check itself caused, as of a file that it took away.
  async leave(visited, what, tolerated = null) {
    const complaints = visited.complaints.filter((text) => !tolerated?.test(text));
    report.check(`${what}: no word of complaint in the console`, complaints.length === 0, complaints.slice(0, 3).join(" | "));
    await visited.close();
  },
};

const begin = performance.now();
for (const name of wanted) {
  report.begin(name);
  const since = performance.now();
  try {
    const { run } = await import(`./checks/${name}.mjs`);
    await run(bench);
  } catch (error) {
    report.check("ran to its end", false, String(error.stack ?? error).split("\n").slice(0, 4).join(" / "));
  }
  for (const context of browser.contexts()) await context.close();
  report.say(`took ${((performance.now() - since) / 1000).toFixed(1)} s`);
}

await browser.close();
await sites.end();
console.log(`\n${((performance.now() - begin) / 1000).toFixed(0)} s`);
report.end();
process.exit(report.failed === 0 ? 0 : 1);
