// Keys of the page. Its buttons are pressed, so that a key does what a hand would, and nothing else.
const TEXT = "textarea, select, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=range], [type=file])";
const press = (button) => {
  const ready = Boolean(button?.offsetParent) && !button.disabled;
  if (ready) button.click();
  return ready;
};
const pane = () => refedit.paneInUse();
const MASK = {
  c: () => pane().setTool("click"),
  b: () => pane().setTool("brush", false),
  e: () => pane().setTool("brush", true),
  r: () => pane().setTool("box"),
  x: () => pane().swap(),
  "[": () => pane().resize(0.8),
  "]": () => pane().resize(1.25),
};

// Esc is for an open list first, or a pane shown large; looked for on the way down, before they close.
let taken = false, held = false;
const take = (event) => (taken = Boolean(event.target.closest?.("[role=listbox], [role=combobox]")));
document.addEventListener("keydown", take, true);
const release = () => {
  if (held) refedit.lookBack(false);
  held = false;
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const key = event.key.toLowerCase(), command = event.ctrlKey || event.metaKey;
  if (key === "enter" && command) {
    if (press(document.getElementById("run"))) event.preventDefault();
  } else if (key === "escape") {
    if (taken || event.defaultPrevented || document.fullscreenElement) return;
    if (document.querySelector(".large-view")) Object.values(refedit.panes).forEach((one) => one.large(false));
    else press(document.getElementById("stop"));
  } else if (event.target.matches?.(TEXT)) {
    return;
  } else if (key === "z" && command) {
    if (event.shiftKey ? pane().redo() : pane().undo()) event.preventDefault();
  } else if (command && !event.getModifierState("AltGraph")) {
    return;
  } else if (key === "o" && !event.repeat) {
    held = true;
    refedit.lookBack(true);
  } else if (MASK[key] && (!event.repeat || "[]".includes(key))) {
    MASK[key]();
  }
});
document.addEventListener("keyup", (event) => event.key.toLowerCase() === "o" && release());
window.addEventListener("blur", release);
