// The models that lie beside the page, and those that a reader opens.

import { SpokenError } from "../errors.js";
import { bytesOf, fetchFresh, isWebPage } from "./fetching.js";

const LIST_FILE = "models.json";
/** A model file of this size would not fit beside its own numbers. The program writes none that large. */
const LARGEST_MODEL = 256 * 1024 * 1024;

/** The models in `models.json`: `{ title, file, epochs: [{ epoch, file }] }`. */
export async function fetchModelList() {
  const bytes = await bytesOf(await fetchFresh(LIST_FILE), LIST_FILE);
  if (isWebPage(bytes)) throw new SpokenError("web-page-instead", { file: LIST_FILE });
  let list;
  try {
    list = JSON.parse(new TextDecoder().decode(bytes)).models;
  } catch (error) {
    throw new SpokenError("broken-list", { file: LIST_FILE, reason: error.message });
  }
  const isModel = (model) => typeof model?.file === "string" && typeof model.title === "string";
  if (!Array.isArray(list) || list.length === 0 || !list.every(isModel)) {
    throw new SpokenError("broken-list", { file: LIST_FILE, reason: "{ models: [{ file, title }] }" });
  }
  return list.map((model) => ({ ...model, epochs: Array.isArray(model.epochs) ? model.epochs : [] }));
}

/** Model files by their names. Each is fetched when it is first needed, and only once. */
export class ModelFiles {
  /** Promises of bytes. */
  #files = new Map();

  /** The bytes of a model file. After an error, the file is fetched anew when it is asked for again. */
  get(file) {
    let bytes = this.#files.get(file);
    if (!bytes) {
      bytes = fetchModel(file);
      bytes.catch(() => this.#files.delete(file));
      this.#files.set(file, bytes);
    }
    return bytes;
  }

  /** Keeps a file that the reader has opened, under a name that no other file has. */
  async open(file) {
    if (file.size > LARGEST_MODEL) throw new SpokenError("model-too-large", { file: file.name });
    let name = file.name;
    for (let i = 2; this.#files.has(name); i++) name = `${file.name} (${i})`;
    try {
      this.#files.set(name, Promise.resolve(new Uint8Array(await file.arrayBuffer())));
    } catch (error) {
      throw new SpokenError("unreadable-file", { file: file.name, reason: error.message });
    }
    return name;
  }

  forget(name) {
    this.#files.delete(name);
  }
}

async function fetchModel(file) {
  const bytes = await bytesOf(await fetchFresh(file), file);
  if (isWebPage(bytes)) throw new SpokenError("web-page-instead", { file });
  return bytes;
}
