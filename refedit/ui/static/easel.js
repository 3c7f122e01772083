// The easel of a pane: where its picture lies on the canvas, zoomed or not, and how picture, mask and marks are drawn.
// `scene` tells what there is to draw; nothing is drawn unless something has changed.
const SURE = "#0b5f5b", GONE = "#b3261e", MOST_ZOOM = 8;

refedit.easel = (view, scene) => {
  const context = view.getContext("2d");
  let zoom = { scale: 1, x: 0, y: 0 }, drawing = 0;

  const ratio = () => view.width / Math.max(1, view.clientWidth);
  // The picture's box on the canvas, in its pixels.
  const box = () => {
    const { naturalWidth: width, naturalHeight: height } = scene().image;
    const fit = Math.min(view.width / width, view.height / height) * zoom.scale;
    const left = (view.width - width * fit) / 2 + zoom.x, top = (view.height - height * fit) / 2 + zoom.y;
    return [left, top, width * fit, height * fit];
  };
  // Where an event is on the picture, in parts of its sides.
  const place = (event) => {
    const frame = view.getBoundingClientRect(), [left, top, width, height] = box();
    const [x, y] = [(event.clientX - frame.left) * ratio(), (event.clientY - frame.top) * ratio()];
    return [(x - left) / width, (y - top) / height];
  };
  const mark = ([x, y, inside]) => {
    const [left, top, width, height] = box(), reach = 9 * ratio(), pen = context;
    pen.save();
    pen.translate(left + x * width, top + y * height);
    pen.beginPath();
    pen.arc(0, 0, reach, 0, 2 * Math.PI);
    Object.assign(pen, { fillStyle: inside ? SURE : GONE, strokeStyle: "#fff", lineWidth: 2 * ratio() });
    pen.fill();
    pen.stroke();
    const arms = inside ? [[1, 0], [0, 1]] : [[1, 0]]; // they differ in shape, not only in colour
    for (const [right, down] of arms) {
      pen.beginPath();
      pen.moveTo((-right * reach) / 2, (-down * reach) / 2);
      pen.lineTo((right * reach) / 2, (down * reach) / 2);
      pen.stroke();
    }
    pen.restore();
  };
  const paint = () => {
    drawing = 0;
    context.clearRect(0, 0, view.width, view.height);
    const { image, mask, thing, clicks, quiet, adding, corners, brush } = scene();
    if (!image || !view.width || !view.height) return;
    const frame = box(), [left, top, width, height] = frame;
    context.imageSmoothingQuality = "high";
    context.drawImage(image, ...frame);
    if (quiet || !mask) return;
    refedit.drawMask(context, mask, frame, ratio());
    if (thing) refedit.drawMask(context, thing, frame, ratio() / 2, false);
    clicks.forEach(mark);
    Object.assign(context, { lineWidth: 1.5 * ratio(), strokeStyle: adding ? SURE : GONE });
    if (corners) {
      const [[x0, y0], [x1, y1]] = corners;
      context.strokeRect(left + x0 * width, top + y0 * height, (x1 - x0) * width, (y1 - y0) * height);
    } else if (brush) {
      context.beginPath();
      context.arc(left + brush.x * width, top + brush.y * height, (brush.size / 2) * width, 0, 2 * Math.PI);
      context.stroke();
    }
  };
  const draw = () => (drawing ||= requestAnimationFrame(paint));
  new ResizeObserver(() => {
    const dense = Math.min(2, window.devicePixelRatio || 1);
    Object.assign(view, { width: Math.round(view.clientWidth * dense), height: Math.round(view.clientHeight * dense) });
    if (view.width && view.height) paint();
  }).observe(view);

  return {
    draw,
    place,
    ratio,
    reset: () => (zoom = { scale: 1, x: 0, y: 0 }),
    pan: (right, down) => (zoom = { ...zoom, x: zoom.x + right, y: zoom.y + down }),
    // Zooms round a place of the window, in the canvas's pixels.
    zoom: (factor, x, y) => {
      const frame = view.getBoundingClientRect(), scale = Math.min(MOST_ZOOM, Math.max(1, zoom.scale * factor));
      const [cx, cy] = [x - frame.left * ratio() - view.width / 2, y - frame.top * ratio() - view.height / 2];
      const grown = scale / zoom.scale;
      zoom = scale === 1 ? { scale, x: 0, y: 0 } : { scale, x: cx - (cx - zoom.x) * grown, y: cy - (cy - zoom.y) * grown };
      draw();
    },
  };
};
