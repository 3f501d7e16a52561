// Mouse, finger or pen on the pad: one stroke at a time, from down to up, wherever the pointer goes in between.

/**
 * Reports strokes on a canvas to `{ begin(point), extend(points), end(), abandon() }`. `toUnits` turns a place
 * in the window into the pad's units.
 */
export function followPointer(canvas, toUnits, { begin, extend, end, abandon }) {
  let drawing = null;

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.ctrlKey) return;
    if (drawing) {
      // A hand that holds a pen touches the pad before the pen does. Its stroke is taken back.
      if (event.pointerType !== "pen" || drawing.type !== "touch") return;
      abandon();
    } else if (!event.isPrimary) {
      return;
    }
    drawing = { id: event.pointerId, type: event.pointerType };
    capture(canvas, event.pointerId);
    event.preventDefault();
    begin(toUnits(event));
  });

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing?.id) return;
    // The browser reports one move a frame, and keeps the places in between apart.
    const moves = event.getCoalescedEvents?.() ?? [];
    extend((moves.length > 0 ? moves : [event]).map(toUnits));
  });

  const finish = (event) => {
    if (event.pointerId !== drawing?.id) return;
    drawing = null;
    end();
  };
  canvas.addEventListener("pointerup", (event) => {
    if (event.pointerId === drawing?.id) extend([toUnits(event)]);
    finish(event);
  });
  // The system takes the pointer away, for a gesture of its own or because the window lost it. What was drawn stays.
  canvas.addEventListener("pointercancel", finish);
  canvas.addEventListener("lostpointercapture", finish);
  canvas.addEventListener("contextmenu", (event) => {
    if (drawing) event.preventDefault();
  });
}

/** With capture, moves outside the canvas are reported as well. A pointer that is gone already cannot be captured. */
function capture(canvas, id) {
  try {
    canvas.setPointerCapture(id);
  } catch {
    // Events made by scripts have no pointer that could be captured; they are drawn all the same.
  }
}
