// Makes image files from drawings, as people have them: a photograph of paper, a screenshot, a transparent PNG.
//
// An empty page of the browser paints them, so nothing else has to be installed.

import { PAD_WIDTH } from "../drawings/drawings.mjs";

export class Pictures {
  static async open(browser) {
    const pictures = new Pictures();
    pictures.context = await browser.newContext();
    pictures.page = await pictures.context.newPage();
    return pictures;
  }

  // The bytes of an image that shows `drawings` side by side. `turned` is by how many quarters the paper is turned to
  // the left in the file; `paper` is null for a transparent background; `type` is image/png or image/jpeg.
  async of(drawings, { height = 400, ink = "#222", paper = "#f4f2ec", turned = 0, type = "image/png" } = {}) {
    const list = drawings.map(({ strokes, pen_width }) => ({ strokes, pen_width }));
    const encoded = await this.page.evaluate(
      ([list, height, ink, paper, turned, type, width]) => {
        const upright = [list.length * height * width, height];
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = turned % 2 === 0 ? upright : [upright[1], upright[0]];
        const brush = canvas.getContext("2d");
        if (paper !== null) {
          brush.fillStyle = paper;
          brush.fillRect(0, 0, canvas.width, canvas.height);
        }
        brush.translate(canvas.width / 2, canvas.height / 2);
        brush.rotate((-turned * Math.PI) / 2);
        brush.translate(-upright[0] / 2, -upright[1] / 2);
        brush.scale(height, height);
        brush.strokeStyle = ink;
        brush.lineCap = brush.lineJoin = "round";
        list.forEach(({ strokes, pen_width }, index) => {
          brush.lineWidth = pen_width;
          for (const stroke of strokes) {
            brush.beginPath();
            for (const [x, y] of stroke) brush.lineTo(x + index * width, y);
            brush.stroke();
          }
        });
        return canvas.toDataURL(type, 0.9).split(",")[1];
      },
      [list, height, ink, paper, turned, type, PAD_WIDTH],
    );
    return Buffer.from(encoded, "base64");
  }

  async end() {
    await this.context.close();
  }
}

// A JPEG file with a word in front that says how a camera was held: 1 upright, 3 upside down, 6 and 8 on a side.
export function held(jpeg, orientation) {
  const tiff = Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]);
  const content = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, content, jpeg.subarray(2)]);
}
