// Pictures from files, the clipboard and the camera.

import { SpokenError } from "../errors.js";

/** Longer sides are scaled down: more pixels do not make a digit clearer, and a phone's memory is small. */
const LONGEST_SIDE = 2000;

/** Decodes an image file as it is meant to be seen, that is, turned upright as its EXIF data say. */
export async function decodePicture(file) {
  const source = await decodeAny(file);
  const [sourceWidth, sourceHeight] = [source.width, source.height];
  if (!(sourceWidth > 0 && sourceHeight > 0)) throw unreadable(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(sourceWidth, sourceHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(sourceWidth * scale));
  canvas.height = Math.max(1, Math.round(sourceHeight * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new SpokenError("picture-too-large", { file: file.name ?? "" });
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  source.close?.();
  return { canvas, width: canvas.width, height: canvas.height };
}

/** The pixels of a decoded picture, as the engine reads them. */
export function pictureImage({ canvas, width, height }) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return { rgba: data, width, height };
}

async function decodeAny(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    // Only an element reads SVG. Of other files it would also show the part that came before they break off.
    if (file.type === "image/svg+xml") return decodeInElement(file);
    throw unreadable(file);
  }
}

function decodeInElement(file) {
  return new Promise((resolve, reject) => {
    const address = URL.createObjectURL(file);
    const image = new Image();
    image.onload = () => {
      URL.revokeObjectURL(address);
      resolve(image);
    };
    image.onerror = () => {
      URL.revokeObjectURL(address);
      reject(unreadable(file));
    };
    image.src = address;
  });
}

function unreadable(file) {
  const name = file.name ?? "";
  const isHeic = /hei[cf]/i.test(file.type ?? "") || /\.hei[cf]$/i.test(name);
  return new SpokenError(isHeic ? "heic-picture" : "unreadable-picture", { file: name });
}

/** Whether a file is a model rather than an image. */
export function isModelFile(file) {
  return /\.safetensors$/i.test(file.name ?? "");
}

/** Hands each file that is chosen, pasted or dropped anywhere on the page to `take`. */
export function receiveFiles({ inputs, page, take }) {
  for (const input of inputs) {
    input.addEventListener("change", () => {
      if (input.files.length > 0) take(input.files[0]);
      // The same file can be chosen again.
      input.value = "";
    });
  }
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    page.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) page.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    page.classList.remove("dropping");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file) take(file);
  });
}
