// Pictures on their way into a pane, chosen, dropped or pasted: one that is too large for the server is made smaller
// first, one that only browsers can read becomes a PNG, and one that nobody can read is named instead of handed on.
const MOST = 17; // megapixels that the server takes, as in state/received.py
const MEGAPIXELS = 100; // that a browser is asked to make smaller
const SERVED = ["image/png", "image/jpeg", "image/webp"];
const TEXT = "textarea, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=range], [type=file])";

const drawn = (image, name, kind, scale) => {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.floor(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.floor(image.naturalHeight * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const lossy = kind === "image/jpeg";
  return new Promise((done) => {
    const finish = (blob) => done({ file: new File([blob], name, { type: blob.type }), size: [canvas.width, canvas.height] });
    canvas.toBlob(finish, lossy ? kind : "image/png", 0.95);
  });
};
const MOVING = ["image/gif", "image/png", "image/webp"];
const moves = async (file) => {
  if (!MOVING.includes(file.type)) return false;
  if (!window.ImageDecoder) return file.type === "image/gif" || /acTL|ANIM/.test(await file.slice(0, 4096).text()); // a guess
  const decoder = new ImageDecoder({ data: await file.arrayBuffer(), type: file.type });
  const soon = new Promise((done) => setTimeout(done, 1000)); // no note is worth waiting for
  const frames = await Promise.race([decoder.tracks.ready, soon]).then(() => decoder.tracks.selectedTrack?.frameCount ?? 1, () => 1);
  decoder.close();
  return frames > 1;
};

// The file that the server is given, and a note to the visitor about it; no file if it cannot be used.
refedit.prepared = async (file) => {
  const address = URL.createObjectURL(file);
  try {
    const image = await refedit.loaded(address).catch(() => null); // the size is known before it is unpacked
    if (!image) return { note: `“${file.name}” is no picture that this browser can read. Save it as PNG, JPEG or WebP.` };
    const [width, height] = [image.naturalWidth, image.naturalHeight], megapixels = (width * height) / 1e6;
    if (megapixels > MEGAPIXELS)
      return { note: `“${file.name}” has ${Math.round(megapixels)} megapixels; the limit is ${MEGAPIXELS}. Use a smaller picture.` };
    const notes = (await moves(file)) ? ["It moves: the first frame is used."] : [];
    if (SERVED.includes(file.type) && megapixels <= MOST) return { file, note: notes.join(" ") };
    const smaller = await drawn(image, file.name, file.type, Math.min(1, Math.sqrt(MOST / megapixels)));
    if (megapixels > MOST) notes.push(`Made smaller: ${width}×${height} is now ${smaller.size.join("×")}.`);
    return { file: smaller.file, note: notes.join(" ") };
  } finally {
    URL.revokeObjectURL(address);
  }
};

const paneAt = (event) => refedit.panes[event.target.closest?.(".pane")?.dataset.name];
for (const kind of ["dragover", "dragenter"])
  document.addEventListener(kind, (event) => {
    if (paneAt(event)) event.preventDefault();
  });
document.addEventListener("drop", (event) => {
  const pane = paneAt(event), file = event.dataTransfer?.files[0];
  if (!pane || !file) return;
  event.preventDefault();
  pane.take(file);
});
document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find((item) => item.type.startsWith("image/"));
  const words = event.target.matches?.(TEXT) && event.clipboardData.types.includes("text/plain");
  if (!file || words) return;
  event.preventDefault();
  refedit.paneInUse().take(file);
});
