// Bytes as text, as JSON carries them.

/** The bytes of a base64 text. */
export function decodeBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Bytes as base64, in pieces, because a call takes only so many arguments. */
export function encodeBase64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096) {
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  }
  return btoa(text);
}
