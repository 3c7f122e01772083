// The panel of the chosen method's parameters: its seed, by dice or kept, if it has one; numbers that cannot be used.
const panel = (what) => `.parameter-panel.for-${document.body.dataset.method} ${what}`;
const inPanel = (what) => document.querySelector(panel(what));
const seed = () => inPanel('[id$="-seed"] input');
const setSeed = (value) => {
  seed().value = value;
  seed().dispatchEvent(new Event("input", { bubbles: true }));
};
const roll = () => setSeed(Math.floor(Math.random() * 1e6));
const lock = () => inPanel(".lock");
document.addEventListener("click", (event) => {
  if (event.target.closest?.(".dice")) roll();
  else if (event.target === lock()) lock().setAttribute("aria-pressed", lock().getAttribute("aria-pressed") === "false");
});
// Of several results one is kept: its seed or its strength is what Run uses from now on.
refedit.keepSeed = ({ label = "" }) => {
  const [what, value] = label.split(" ");
  if (what === "seed") {
    setSeed(value);
    lock().setAttribute("aria-pressed", true);
  } else if (what === "strength") {
    const box = inPanel(".in-sight input[type=number]");
    box.value = value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
};
refedit.rollSeed = () => lock()?.getAttribute("aria-pressed") === "false" && roll();

// A slider takes no number beyond its ends; which one it takes instead is said.
const called = (input) => input.closest("div.block").querySelector("[data-testid=block-info]").textContent.trim();
document.addEventListener(
  "blur", // on its way down: on its way out Gradio has changed the number already
  ({ target: box }) => {
    if (!box.matches?.(".parameter-panel input[type=number][max]")) return;
    const taken = Math.min(box.max, Math.max(box.min, box.value));
    if (box.value === "" || taken !== Number(box.value)) refedit.say(`“${called(box)}” goes from ${box.min} to ${box.max}: ${taken} is used.`);
  },
  true,
);
// The first number with which nothing can run, as the place of its box and what is wrong; nothing if all is well.
refedit.unfitNumber = () => {
  const whole = (box) => box.step !== "1" || Number.isInteger(box.valueAsNumber);
  const box = [...document.querySelectorAll(panel("input[type=number]"))].find((one) => one.value === "" || !whole(one));
  if (!box) return null;
  const text = box.value === "" ? `“${called(box)}” is empty. Type a number.` : `“${called(box)}” is ${box.value}. Type a whole number.`;
  const door = box.closest('[id$="-door"]')?.querySelector("button");
  if (!box.offsetParent) door?.click();
  return [box.closest("div.block"), text];
};
