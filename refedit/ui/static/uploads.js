// Pictures on their way into an editor, chosen, dropped or pasted: one that is too large to be painted on is made
// smaller first, one that only browsers can read becomes a PNG, and one that nobody can read is named instead of
// handed on.
() => {
  const LONGEST = 1280;
  const MEGAPIXELS = 100;
  const TEXT = "textarea, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=range], [type=file])";
  const SERVED = ["image/png", "image/jpeg", "image/webp"];
  const say = (pane, text) => {
    document.querySelector(`#${pane}-note p`).textContent = text;
  };

  const opened = async (file) => {
    const image = new Image();
    image.src = URL.createObjectURL(file);
    // Not decode(): the size is known before a large picture is unpacked.
    await new Promise((done, failed) => Object.assign(image, { onload: done, onerror: failed }));
    return image;
  };
  const drawn = (image, name, kind) => {
    const scale = Math.min(1, LONGEST / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
    canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const lossy = kind === "image/jpeg";
    return new Promise((done) => {
      const finish = (blob) => done({ file: new File([blob], name, { type: blob.type }), size: [canvas.width, canvas.height] });
      canvas.toBlob(finish, lossy ? kind : "image/png", 0.95);
    });
  };
  const moves = async (file) => file.type === "image/gif" || /acTL|ANIM/.test(await file.slice(0, 4096).text());

  // The file that the editor is given, and a note to the visitor about it; no file if it cannot be used.
  const prepared = async (file) => {
    let image;
    try {
      image = await opened(file);
    } catch {
      return { note: `“${file.name}” is no picture that this browser can read. Save it as PNG, JPEG or WebP.` };
    }
    try {
      const [width, height] = [image.naturalWidth, image.naturalHeight];
      const megapixels = (width * height) / 1e6;
      if (megapixels > MEGAPIXELS)
        return { note: `“${file.name}” has ${Math.round(megapixels)} megapixels; the limit is ${MEGAPIXELS}. Use a smaller picture.` };
      const notes = (await moves(file)) ? ["It moves: the first frame is used."] : [];
      if (SERVED.includes(file.type) && Math.max(width, height) <= LONGEST) return { file, note: notes.join(" ") };
      const smaller = await drawn(image, file.name, file.type);
      if (Math.max(width, height) > LONGEST)
        notes.push(
          `Made smaller for the brush: ${width}×${height} is now ${smaller.size.join("×")}. To keep its size, use ` +
            "“Picture from a file” under “More mask tools” and select by clicks.",
        );
      return { file: smaller.file, note: notes.join(" ") };
    } finally {
      URL.revokeObjectURL(image.src);
    }
  };

  const passing = new WeakSet();
  const give = async (pane, file) => {
    say(pane, "");
    const { file: usable, note } = await prepared(file);
    const input = document.querySelector(`#${pane} input[type=file]`);
    say(pane, usable && !input ? "Choose “Brush” to paste a picture; that is where it goes." : note);
    if (!usable || !input) return;
    const files = new DataTransfer();
    files.items.add(usable);
    input.files = files.files;
    const event = new Event("change", { bubbles: true });
    passing.add(event);
    input.dispatchEvent(event);
  };
  const paneOf = (event) => event.target.closest?.("#source, #reference")?.id;
  document.addEventListener(
    "change",
    (event) => {
      if (passing.has(event) || event.target.type !== "file" || !paneOf(event) || !event.target.files.length) return;
      event.stopImmediatePropagation();
      give(paneOf(event), event.target.files[0]);
    },
    true,
  );
  document.addEventListener(
    "drop",
    (event) => {
      if (!paneOf(event) || !event.dataTransfer?.files.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
      give(paneOf(event), event.dataTransfer.files[0]);
    },
    true,
  );
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((item) => item.type.startsWith("image/"));
    const words = event.target.matches?.(TEXT) && event.clipboardData.types.includes("text/plain");
    if (!file || words) return;
    event.preventDefault();
    const pane = document.body.dataset.pane ?? "source"; // the one used last, noted by keys.js
    give(document.querySelector(`#${pane}-column`)?.offsetParent ? pane : "source", file);
  });
}
