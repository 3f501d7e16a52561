// Fetches files of the page's own folder.

import { SpokenError } from "../errors.js";

/** Fetches a file. The browser asks the server whether its copy is still right, so that no older model is shown. */
export async function fetchFresh(address) {
  let response;
  try {
    response = await fetch(address, { cache: "no-cache" });
  } catch {
    throw new SpokenError("unreachable", { file: address });
  }
  if (!response.ok) throw new SpokenError("missing-file", { file: address, status: response.status });
  return response;
}

/** The bytes of a fetched file. A connection that breaks half-way is an error as well. */
export async function bytesOf(response, address) {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new SpokenError("unreachable", { file: address });
  }
}

/** Whether bytes are a web page: some servers answer with one, and with status 200, where a file is missing. */
export function isWebPage(bytes) {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase();
  return start.startsWith("<!doctype") || start.startsWith("<html") || start.startsWith("<?xml");
}
