// What has to travel before the first digit is read.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const MOST = 400_000;

export async function run(bench) {
  const { models } = JSON.parse(await readFile(join(bench.options.site, "models.json"), "utf8"));
  const totals = { plain: 0, gzip: 0, brotli: 0 };
  for (const file of ["engine.wasm", models[0].file, "index.html", "script.js", "style.css"]) {
    const bytes = await readFile(join(bench.options.site, file));
    const gzip = gzipSync(bytes, { level: 9 }).length;
    const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
    bench.report.say(`${file}: ${bytes.length} bytes, ${gzip} with gzip, ${brotli} with brotli`);
    if (file === "engine.wasm" || file === models[0].file) {
      totals.plain += bytes.length;
      totals.gzip += gzip;
      totals.brotli += brotli;
    }
  }
  bench.check(`engine and first model with gzip are under ${MOST} bytes`, totals.gzip < MOST, totals.gzip);
  bench.check(`engine and first model with brotli are under ${MOST} bytes`, totals.brotli < MOST, totals.brotli);
}
