// The sentences: words that are put into them by a click, and the kind of edit that a sentence asks for.
const SENTENCES = ["#source-prompt", "#prompt"];
const field = (where) => document.querySelector(`${where} textarea, ${where} input`);
refedit.fill = (where, text) => {
  const box = field(where);
  if (!box || box.value === text) return;
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
};
// An example's sentences say nothing of a picture of one's own; what the visitor wrote stays.
document.addEventListener("input", (event) => {
  const box = event.target;
  if (SENTENCES.every((where) => field(where) !== box)) return;
  box.dataset.own = box.value;
  refedit.differs();
});
refedit.ownSentence = (name) => Boolean(field(`#${name}`).value) && field(`#${name}`).dataset.own === field(`#${name}`).value;
refedit.forgetSentences = () => {
  for (const where of SENTENCES) if (field(where).dataset.own !== field(where).value) refedit.fill(where, "");
};

// A sentence is shown whole, at every width. Gradio, which sets the height when one types, drops @supports from styles.
if (CSS.supports("field-sizing", "content"))
  document.head.appendChild(document.createElement("style")).textContent =
    ".sentence textarea { field-sizing: content; height: auto !important; max-height: 5.4rem; overflow-y: auto !important; }";

// A word in place of another one, or at the cursor.
const replaced = (text, word, by) => {
  const places = [...text.matchAll(/[^\W_]+(?:-[^\W_]+)*/gu)].filter((found) => found[0] === word);
  return places.length ? text.slice(0, places[0].index) + by + text.slice(places[0].index + word.length) : text;
};
const inserted = (box, word) => {
  const at = box.selectionStart ?? box.value.length, end = box.selectionEnd ?? at;
  const before = box.value.slice(0, at), after = box.value.slice(end);
  const left = before && !before.endsWith(" ") ? `${before} ` : before;
  const right = after && !after.startsWith(" ") ? ` ${after}` : after;
  return [left + word + right, (left + word).length];
};
let used = "#prompt";
document.addEventListener("focusin", (event) => {
  const column = event.target.matches?.("textarea, input") && event.target.closest("#prompt, #source-prompt");
  if (column) used = `#${column.id}`;
});
document.addEventListener("click", (event) => {
  const chip = event.target.closest?.(".chip"), offer = event.target.closest?.("[data-kind]:is(button)");
  if (offer) return refedit.chooseKind(offer.dataset.kind);
  if (!chip) return;
  const below = chip.closest("[id$=-reading]"), where = below ? `#${below.id.replace("-reading", "")}` : used;
  const box = field(where);
  if (chip.dataset.all !== undefined) return refedit.fill(where, chip.dataset.all);
  if (chip.dataset.for !== undefined) return refedit.fill(where, replaced(box.value, chip.dataset.for, chip.dataset.word));
  const [text, at] = inserted(box, chip.dataset.word);
  refedit.fill(where, text);
  box.focus();
  box.setSelectionRange(at, at);
});

// The cards. A kind is a value of the server's; what its method does not need is hidden by the page's style.
const WHERE = ["begin", "desk", "bar", "rest"];
const chosen = document.head.appendChild(document.createElement("style"));
const only = (kind, method) => `#begin .tile:not(.for-${kind}) { display: none !important; }
  #rest .parameter-panel.for-${method} { display: flex !important; }`;
refedit.choice = (element, props, trigger, watch) => {
  const inputs = () => [...element.querySelectorAll("input")];
  const show = () => {
    const own = inputs().find((input) => input.value === props.value) ?? inputs()[0]; // the first, as on the server
    const kind = own.value, card = own.closest(".kind"), { method, needs, room } = card.dataset;
    for (const part of [document.body, ...WHERE.map((id) => document.getElementById(id))]) if (part) Object.assign(part.dataset, { kind, method, needs });
    chosen.textContent = only(kind, method);
    refedit.suggestRoom?.(Number(room));
    for (const input of inputs()) {
      if (input.name === "method") input.checked = input.closest(".kind") === card;
      else if (input.closest(".kind") === card) input.checked = input.value === kind;
    }
  };
  refedit.showKind = show; // for parts of the page that were not drawn yet
  refedit.setKind = (kind) => {
    props.value = kind;
    show();
    trigger("change");
  };
  refedit.chooseKind = (kind) => {
    refedit.setKind(kind);
    trigger("input"); // sets the preset
    refedit.differs();
    refedit.changed?.();
  };
  element.addEventListener("change", (event) => {
    event.stopPropagation();
    const manner = event.target.name === "method" && event.target.closest(".kind").querySelector("[name=manner]:checked");
    refedit.chooseKind((manner || event.target).value);
  });
  watch("value", () => (show(), trigger("change")));
  show();
};
