// Keys of the page. Its buttons are pressed, so that a key does what a hand would, and nothing else.
() => {
  const TEXT = "textarea, select, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=range], [type=file])";
  const seen = (element) => Boolean(element?.offsetParent);
  const press = (...buttons) => {
    const button = buttons.find((each) => seen(each) && !each.disabled);
    button?.click();
    return Boolean(button);
  };
  const named = (id) => document.getElementById(id);
  const soon = (ready, then, tries = 50) => {
    if (ready()) then();
    else if (tries) setTimeout(() => soon(ready, then, tries - 1), 100);
  };

  // Keys of the mask are for the pane that was used last.
  const paneOf = (element) => element.closest?.("#source-column, #reference-column")?.id.replace("-column", "");
  const use = (event) => {
    const used = paneOf(event.target);
    if (used) document.body.dataset.pane = used; // for uploads.js, too
  };
  document.addEventListener("pointerdown", use, true);
  document.addEventListener("focusin", use);
  const pane = () => (document.body.dataset.pane === "reference" && seen(named("reference-column")) ? "reference" : "source");

  // An editor's own buttons have no ids, and their labels follow the visitor's language: they are known by their place.
  const UNDO = 3, REDO = 4, BRUSH = 1, ERASER = 2;
  const own = (place) => document.querySelectorAll(`#${pane()} .top-panel button`)[place];
  const tools = () => [...document.querySelectorAll(`#${pane()} .toolbar-wrap button`)];
  const painting = () => document.querySelector(`#${pane()}-tool input[value=Brush]`);
  const hasPicture = () => seen(tools()[BRUSH]) && !document.querySelector(`#${pane()} .empty`);
  const drawing = () => [BRUSH, ERASER].some((place) => tools()[place].classList.contains("highlight"));
  const choose = (place) => {
    const change = !painting().checked;
    if (change) painting().click();
    // A picture that comes to the editor chooses the brush itself, shortly after it is there.
    const ready = () => hasPicture() && (!change || drawing());
    soon(ready, () => setTimeout(() => press(tools()[place]), change ? 400 : 0), 300);
  };
  const resize = (factor) => {
    if (!painting().checked || !hasPicture()) return;
    if (!drawing()) press(tools()[BRUSH]);
    const slider = () => document.querySelector(`#${pane()} .toolbar-wrap input[type=range]`);
    if (!slider()) setTimeout(() => press(tools().at(-1)), 0);
    soon(slider, () => {
      const now = Number(slider().value), wanted = Math.round(now * factor);
      slider().value = wanted === now ? now + Math.sign(factor - 1) : wanted;
      slider().dispatchEvent(new Event("input", { bubbles: true }));
    });
  };
  // An editor would undo the picture's arrival, too, so what it would undo is looked up.
  const lastChange = () => {
    const here = (editor) => editor?.target_element?.isConnected && paneOf(editor.target_element) === pane();
    return window.editors.findLast(here)?.command_manager?.history?.command?.name;
  };
  const undoStroke = () => painting().checked && lastChange() === "Draw" && press(own(UNDO));
  const undo = () => undoStroke() || press(named(`${pane()}-undo`));
  const undoByHand = (event) => {
    const arrow = own(UNDO)?.contains(event.target) && lastChange() === "AddImage";
    const button = event.target.closest?.("#source-undo, #reference-undo");
    if (arrow || (button && undoStroke())) event.stopImmediatePropagation();
  };
  document.addEventListener("click", undoByHand, true); // the server would take all strokes back at once
  const swap = () => {
    const other = document.querySelector(`#${pane()}-sign input:not(:checked)`);
    if (seen(other?.closest("label"))) other.click();
  };
  const MASK = { b: () => choose(BRUSH), e: () => choose(ERASER), x: swap, "[": () => resize(0.8), "]": () => resize(1.25) };

  // While O is held, the source is seen in the result's place.
  let kept = null;
  const lookBack = () => {
    const result = document.querySelector("#result img");
    const before = document.querySelector("#before img");
    if (kept || !result || !before) return;
    kept = { result, source: result.src };
    result.src = before.src;
    named("result").dataset.held = "";
  };
  const lookAgain = () => {
    if (!kept) return;
    kept.result.src = kept.source;
    delete named("result")?.dataset.held;
    kept = null;
  };

  // Esc is for an open list or full screen first; looked for on the way down, before they close.
  let taken = false;
  const take = (event) => {
    const list = event.target.closest?.("[role=listbox], [role=combobox]");
    taken = Boolean(list || document.querySelector(".block.fullscreen"));
  };
  document.addEventListener("keydown", take, true);

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const key = event.key.toLowerCase(), command = event.ctrlKey || event.metaKey;
    if (key === "enter" && command) {
      if (press(named("run"))) event.preventDefault();
    } else if (key === "escape") {
      if (!taken && !event.defaultPrevented && !document.fullscreenElement) press(named("stop"));
    } else if (event.target.matches?.(TEXT)) {
      return;
    } else if (key === "z" && command) {
      if (event.shiftKey ? press(own(REDO)) : undo()) event.preventDefault();
    } else if (command && !event.getModifierState("AltGraph")) {
      return;
    } else if (key === "o") {
      lookBack();
    } else if (MASK[key] && (!event.repeat || "[]".includes(key))) {
      MASK[key]();
    }
  });
  document.addEventListener("keyup", (event) => event.key.toLowerCase() === "o" && lookAgain());
  window.addEventListener("blur", lookAgain);
}
