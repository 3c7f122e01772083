// Masks as canvases ("sheets"): white, and opaque inside. A mask is spelled as the address of a PNG, "" if nothing is
// inside; a white pixel keeps its opacity to the bit, so a mask comes back from the server as it went.
const LONGEST = 1280; // as in state/picture_with_mask.py
const INSIDE = 128;

refedit.sheet = (width, height) => {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const side = (length) => Math.max(1, Math.round(length * scale));
  return Object.assign(document.createElement("canvas"), { width: side(width), height: side(height) });
};

// What an address holds; null if it holds nothing any more, or cannot be reached.
refedit.fetched = async (address) => {
  const answer = await fetch(address).catch(() => null);
  return answer?.ok ? answer.blob() : null;
};
refedit.loaded = (address) =>
  new Promise((done, failed) => {
    const image = new Image();
    Object.assign(image, { onload: () => done(image), onerror: () => failed(new Error("unreadable")), src: address });
  });

// The sheet of a spelled mask, at the size that a picture's sheet has.
refedit.read = async (spelled, width, height) => {
  const sheet = refedit.sheet(width, height);
  if (spelled) sheet.getContext("2d").drawImage(await refedit.loaded(spelled), 0, 0, sheet.width, sheet.height);
  return sheet;
};

const levels = (sheet, x = 0, y = 0, width = sheet.width, height = sheet.height) =>
  sheet.getContext("2d", { willReadFrequently: true }).getImageData(x, y, width, height).data;

refedit.spell = (sheet) => {
  const data = levels(sheet);
  for (let place = 3; place < data.length; place += 4) if (data[place] >= INSIDE) return sheet.toDataURL("image/png");
  return "";
};

// Whether a place, in parts of the sides, is inside.
refedit.holds = (sheet, x, y) => {
  const at = (part, side) => Math.min(side - 1, Math.max(0, Math.floor(part * side)));
  return levels(sheet, at(x, sheet.width), at(y, sheet.height), 1, 1)[3] >= INSIDE;
};

// Adds a sheet to another, or takes it away.
refedit.combine = (sheet, other, add) => {
  const pen = sheet.getContext("2d");
  pen.save();
  pen.globalCompositeOperation = add ? "source-over" : "destination-out";
  pen.drawImage(other, 0, 0, sheet.width, sheet.height);
  pen.restore();
  return sheet;
};

// A mask as it is shown: a light tint, and an outline that is seen on every ground.
const TINT = "rgb(15 132 126 / 16%)", LINE = "#0b5f5b", HALO = "#ffffff";
const AROUND = [...Array(12).keys()].map((turn) => [Math.cos((turn * Math.PI) / 6), Math.sin((turn * Math.PI) / 6)]);
const coloured = (sheet, colour, erased) => {
  const pen = sheet.getContext("2d");
  if (erased) {
    pen.globalCompositeOperation = "destination-out";
    pen.drawImage(erased, 0, 0);
  }
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = colour;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  return sheet;
};

// Draws a mask into a box of a canvas; `tint` says whether its inside is tinted.
refedit.drawMask = (context, sheet, [x, y, width, height], ratio, tint = true) => {
  const layer = () => Object.assign(document.createElement("canvas"), { width: context.canvas.width, height: context.canvas.height });
  const placed = layer();
  placed.getContext("2d").drawImage(sheet, x, y, width, height);
  const ring = (reach, colour) => {
    const grown = layer();
    for (const [right, down] of AROUND) grown.getContext("2d").drawImage(placed, right * reach, down * reach);
    context.drawImage(coloured(grown, colour, placed), 0, 0);
  };
  if (tint) {
    const inside = layer();
    inside.getContext("2d").drawImage(placed, 0, 0);
    context.drawImage(coloured(inside, TINT), 0, 0);
  }
  ring(3 * ratio, HALO);
  ring(1.75 * ratio, tint ? LINE : HALO);
};
