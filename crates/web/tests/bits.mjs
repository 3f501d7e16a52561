// Computes logits with the browser's engine outside of a browser, to compare their bits with the program's.
//
//   node bits.mjs engine.wasm model.safetensors images.bin logits.bin
//
// images.bin holds the network's inputs, height * width bytes each, one behind the other; logits.bin gets 32-bit floats
// (little-endian), as many for each image as there are classes. It prints the milliseconds of a prediction.

import { readFile, writeFile } from "node:fs/promises";

const [engineFile, modelFile, imagesFile, logitsFile] = process.argv.slice(2);
if (!logitsFile) {
  console.error("usage: node bits.mjs engine.wasm model.safetensors images.bin logits.bin");
  process.exit(2);
}

const { instance } = await WebAssembly.instantiate(await readFile(engineFile), {});
const engine = instance.exports;

// Views are made anew for each use, because the engine's memory may have grown.
const bytes = (address, length) => new Uint8Array(engine.memory.buffer, address, length);
const text = () => new TextDecoder().decode(bytes(engine.text(), engine.text_len()));
const numbers = () => new Float32Array(engine.memory.buffer, engine.values(), engine.values_len());

function must(done) {
  if (done !== 1) throw new Error(text());
}

function stored(content) {
  const address = engine.allocate(content.length);
  bytes(address, content.length).set(content);
  return address;
}

const model = await readFile(modelFile);
const modelAt = stored(model);
must(engine.load_model(0, modelAt, model.length));
engine.release(modelAt, model.length);
must(engine.describe(0));
const { input, classes } = JSON.parse(text());
const [, height, width] = input;
const size = height * width;

const images = await readFile(imagesFile);
if (images.length % size !== 0) throw new Error(`${imagesFile} has ${images.length} bytes, expected a multiple of ${size}`);
const count = images.length / size;
const logits = new Float32Array(count * classes.length);
const imageAt = engine.allocate(size);

// `logits` gives them alone; an engine without it gives them as the last layer of `trace`.
function predict(image) {
  bytes(imageAt, size).set(image);
  must(engine.logits ? engine.logits(0, imageAt, 1) : engine.trace(0, imageAt));
  return numbers().slice(-classes.length);
}

const times = [];
for (let i = 0; i < count; i += 1) {
  const since = performance.now();
  logits.set(predict(images.subarray(i * size, (i + 1) * size)), i * classes.length);
  times.push(performance.now() - since);
}

const out = Buffer.alloc(logits.length * 4);
logits.forEach((value, index) => out.writeFloatLE(value, index * 4));
await writeFile(logitsFile, out);

times.sort((a, b) => a - b);
const at = (share) => times[Math.floor(share * (count - 1))]?.toFixed(3);
console.log(`${count} images of ${width}x${height}, ${classes.length} classes: median ${at(0.5)} ms a prediction, 99 % under ${at(0.99)} ms`);
