// What is on the pad: strokes, or a picture; and what was on it before, for undo.

/** The pad's height in its own units. Strokes are kept in these, so they can be rendered at any size. */
export const PAD_HEIGHT = 280;

/** Points closer than this are not kept: they change nothing that can be seen. */
const LEAST_STEP = 0.7;

const NOTHING = { strokes: [], picture: null };

/** A drawing. A stroke is `{ width, points: [[x, y], ...] }`; a picture is what `decodePicture` makes. */
export class Drawing {
  #now = NOTHING;
  #before = [];
  /** Whether a stroke has begun and has not ended. */
  #isDrawing = false;
  /** Is called after each change. */
  onChange = () => {};

  get strokes() {
    return this.#now.strokes;
  }

  get picture() {
    return this.#now.picture;
  }

  get isEmpty() {
    return this.#now.strokes.length === 0 && !this.#now.picture;
  }

  get canUndo() {
    return this.#before.length > 0;
  }

  /** Begins a stroke. A picture makes place for it; undo brings it back. */
  begin(width, point) {
    const stroke = { width, points: [point] };
    this.#isDrawing = true;
    // Who begins anew on an empty pad does not want back what was there before.
    if (this.isEmpty) this.#before = [];
    this.#become({ strokes: [...this.#now.strokes, stroke], picture: null });
  }

  /** Lets the stroke go on through these points. */
  extend(points) {
    if (!this.#isDrawing) return;
    const stroke = this.#now.strokes.at(-1);
    for (const point of points) {
      const last = stroke.points.at(-1);
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) >= LEAST_STEP) stroke.points.push(point);
    }
    this.onChange();
  }

  end() {
    if (!this.#isDrawing) return;
    this.#isDrawing = false;
    this.onChange();
  }

  /** Takes the stroke back that has not ended, as if it had not begun. */
  abandon() {
    if (!this.#isDrawing) return;
    this.#isDrawing = false;
    this.undo();
  }

  undo() {
    if (!this.canUndo) return;
    this.#isDrawing = false;
    this.#now = this.#before.pop();
    this.onChange();
  }

  clear() {
    if (!this.isEmpty) this.#become(NOTHING);
    this.#isDrawing = false;
  }

  /** Puts these strokes in the place of everything. */
  replace(strokes) {
    this.#isDrawing = false;
    this.#become({ strokes, picture: null });
  }

  /** Puts a picture in the place of everything. */
  show(picture) {
    // The rest of a stroke under way belongs to nothing any more.
    this.#isDrawing = false;
    this.#become({ strokes: [], picture });
  }

  /** Makes strokes that a pad of this width cannot show smaller, after the reader has turned the phone. */
  fit(width) {
    const points = this.#now.strokes.flatMap((stroke) => stroke.points);
    const right = Math.max(0, ...points.map(([x]) => x));
    if (right <= width) return;
    const scale = width / right;
    const top = (PAD_HEIGHT * (1 - scale)) / 2;
    const smaller = ({ width: pen, points: line }) => ({
      width: pen * scale,
      points: line.map(([x, y]) => [x * scale, top + y * scale]),
    });
    this.#now = { ...this.#now, strokes: this.#now.strokes.map(smaller) };
    this.onChange();
  }

  #become(next) {
    this.#before.push(this.#now);
    this.#now = next;
    this.onChange();
  }
}
