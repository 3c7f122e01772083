// What a hand does on a pane's canvas: strokes, boxes and clicks; two fingers move and enlarge the picture.
// `pane` tells how things stand, and is told what was done.
refedit.hand = (view, easel, pane) => {
  const { draw, place, ratio } = easel, { tool } = pane;
  const fingers = new Map();
  let drag = null, hover = null;

  // Adds to the mask, or takes away, what a pen draws on it.
  const mark = (by) => {
    const mask = pane.mask(), pen = mask.getContext("2d");
    pen.save();
    pen.globalCompositeOperation = pane.adding() ? "source-over" : "destination-out";
    by(pen, ([x, y]) => [x * mask.width, y * mask.height]);
    pen.restore();
    draw();
  };
  const stroke = (from, to) =>
    mark((pen, at) => {
      Object.assign(pen, { lineWidth: pane.thickness(), lineCap: "round", strokeStyle: "#fff" });
      pen.beginPath();
      pen.moveTo(...at(from));
      pen.lineTo(...at(to));
      pen.stroke();
    });
  const fillBox = (from, to) =>
    mark((pen, at) => {
      const [x0, y0] = at(from), [x1, y1] = at(to);
      pen.fillStyle = "#fff";
      pen.fillRect(Math.round(x0), Math.round(y0), Math.round(x1 - x0), Math.round(y1 - y0));
    });
  const pinch = () => {
    const [[ax, ay], [bx, by]] = [...fingers.values()];
    return { reach: Math.hypot(ax - bx, ay - by), x: ((ax + bx) / 2) * ratio(), y: ((ay + by) / 2) * ratio() };
  };

  view.addEventListener("pointerdown", (event) => {
    if (!pane.filled() || event.button) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    view.setPointerCapture(event.pointerId);
    if (fingers.size > 1) {
      if (drag?.moved && tool() === "brush") pane.asBefore(); // the first finger's stroke was none
      drag = { pinch: pinch() };
      return;
    }
    const start = place(event);
    drag = { start, last: start, moved: tool() === "brush", at: [event.clientX, event.clientY] };
    if (tool() === "brush") stroke(start, start);
    event.preventDefault();
  });
  view.addEventListener("pointermove", (event) => {
    if (!pane.filled()) return;
    hover = event.pointerType === "mouse" ? place(event) : null;
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (drag?.pinch && fingers.size > 1) {
      const before = drag.pinch, after = pinch();
      easel.pan(after.x - before.x, after.y - before.y);
      easel.zoom(after.reach / Math.max(1, before.reach), after.x, after.y);
      drag.pinch = after;
    } else if (drag?.start) {
      const to = place(event);
      if (Math.hypot(event.clientX - drag.at[0], event.clientY - drag.at[1]) > 4) drag.moved = true;
      if (tool() === "brush") stroke(drag.last, to);
      if (tool() === "box") drag.corner = to;
      drag.last = to;
    }
    draw();
  });
  view.addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId);
    const done = drag;
    if (!fingers.size) drag = null;
    if (!done?.start || !pane.mask()) return;
    const [x, y] = done.start, beside = [x, y].some((part) => part < 0 || part >= 1);
    if (tool() === "brush") pane.painted();
    else if (tool() === "box" && done.moved) {
      fillBox(done.start, done.last);
      pane.painted();
    } else if (tool() === "click" && !done.moved && !beside) pane.clicked(x, y);
  });
  view.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    if (drag?.start && tool() === "brush") pane.asBefore();
    drag = null;
  });
  view.addEventListener("pointerleave", () => ((hover = null), draw()));
  view.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey || !pane.filled()) return;
      event.preventDefault();
      easel.zoom(Math.exp(-event.deltaY / 200), event.clientX * ratio(), event.clientY * ratio());
    },
    { passive: false },
  );

  return { over: () => hover, corners: () => drag?.corner && [drag.start, drag.corner] };
};
