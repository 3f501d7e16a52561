// Changes words in a model file (safetensors: 8 bytes of length, a header in JSON, then the numbers).

import { readFile, stat, utimes, writeFile } from "node:fs/promises";

// What a model file says of its model: title, classes, source and more.
export async function described(file) {
  const content = await readFile(file);
  const length = Number(content.readBigUInt64LE(0));
  return JSON.parse(JSON.parse(content.subarray(8, 8 + length).toString("utf8")).__metadata__.model);
}

// Writes `to` as a copy of the model file `from` whose classes have other names.
export async function withClasses(from, to, names) {
  const { classes } = await described(from);
  const written = (list) => JSON.stringify(JSON.stringify(list)).slice(1, -1);
  await renamed(from, to, `\\"classes\\":${written(classes)}`, `\\"classes\\":${written(names)}`);
}

// Writes `to` as a copy of the model file `from` in whose metadata each text `before` became `after`.
export async function renamed(from, to, before, after) {
  const content = await readFile(from);
  const length = Number(content.readBigUInt64LE(0));
  const header = JSON.parse(content.subarray(8, 8 + length).toString("utf8"));
  const old = JSON.stringify(header.__metadata__);
  header.__metadata__ = JSON.parse(old.replaceAll(before, after));
  if (JSON.stringify(header.__metadata__) === old) throw new Error(`${from} has no "${before}" in its metadata: ${old.slice(0, 300)}`);
  let text = JSON.stringify(header);
  // The numbers stay on addresses that 8 divides.
  text += " ".repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  await writeFile(to, Buffer.concat([head, Buffer.from(text), content.subarray(8 + length)]));
}

// Makes a file look as if nobody had changed it for `days`. A browser then keeps it for days without asking.
export async function aged(file, days) {
  const { mtimeMs } = await stat(file);
  const then = new Date(mtimeMs - days * 86_400_000);
  await utimes(file, then, then);
}

// Writes `to` as a copy of the model file `from` that takes each class for the one `by` places further, because the
// output layer's columns are turned. So an answer tells which file it comes from.
export async function turned(from, to, by) {
  const content = await readFile(from);
  const length = Number(content.readBigUInt64LE(0));
  const header = JSON.parse(content.subarray(8, 8 + length).toString("utf8"));
  for (const name of ["head.weight", "head.bias"]) {
    const { shape, data_offsets: [start, end] } = header[name];
    const classes = shape.at(-1);
    const numbers = Buffer.from(content.subarray(8 + length + start, 8 + length + end));
    for (let i = 0; i < numbers.length / 4; i += 1) {
      const moved = i - (i % classes) + (((i % classes) + by) % classes);
      numbers.copy(content, 8 + length + start + 4 * moved, 4 * i, 4 * i + 4);
    }
  }
  await writeFile(to, content);
}
