// Computes logits with the browser's engine outside of a browser, to compare their bits with the program's.
//
//   node bits.mjs engine.wasm model.safetensors images.bin logits.bin
//
// images.bin holds the network's inputs, height * width bytes each, one behind the other; logits.bin gets 32-bit floats
// (little-endian), as many for each image as there are classes. It prints the milliseconds of a prediction.

import { readFile, writeFile } from "node:fs/promises";

import { Engine } from "./harness/engine.mjs";

const [wasm, model, imagesFile, logitsFile] = process.argv.slice(2);
if (!logitsFile) {
  console.error("usage: node bits.mjs engine.wasm model.safetensors images.bin logits.bin");
  process.exit(2);
}

const engine = await Engine.start(wasm, model);
const { input, classes } = engine.description;
const [, height, width] = input;
const size = height * width;
const images = await readFile(imagesFile);
if (images.length === 0 || images.length % size !== 0) {
  console.error(`${imagesFile} has ${images.length} bytes, expected a multiple of ${size}`);
  process.exit(3);
}

const count = images.length / size;
const out = Buffer.alloc(count * classes.length * 4);
const times = [];
for (let i = 0; i < count; i += 1) {
  const image = images.subarray(i * size, (i + 1) * size);
  const since = performance.now();
  const logits = engine.logits(image);
  times.push(performance.now() - since);
  if (logits.length !== classes.length) throw new Error(`${logits.length} logits, expected ${classes.length}`);
  logits.forEach((value, index) => out.writeFloatLE(value, 4 * (i * classes.length + index)));
}
await writeFile(logitsFile, out);

times.sort((a, b) => a - b);
const at = (share) => times[Math.floor(share * (count - 1))].toFixed(3);
console.log(`${count} images of ${width}x${height}, ${classes.length} classes: median ${at(0.5)} ms a prediction, 99 % under ${at(0.99)} ms`);
