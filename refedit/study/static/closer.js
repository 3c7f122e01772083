// A closer look: every picture in the same place, so that differences can be seen by going back and forth.

const get = (id) => document.getElementById(id);
export const CLOSER = [["source", "Before"], ["reference", "Reference"], ["left", "Result 1"], ["right", "Result 2"]];

export function closer(id) {
  const there = CLOSER.filter(([each]) => !get(each).closest("figure").hidden);
  get("closer-all").replaceChildren(...there.map(([each, name]) => {
    const button = document.createElement("button");
    button.textContent = name;
    button.setAttribute("aria-pressed", String(each === id));
    button.addEventListener("click", () => closer(each));
    return button;
  }));
  const [, name] = there.find(([each]) => each === id) ?? there[0];
  get("closer-what").textContent = name;
  const image = get("closer").querySelector("img");
  image.src = get(id).querySelector("img").src;
  image.alt = name;
  if (!get("closer").open) get("closer").showModal();
  get("closer").dataset.shows = id;
}

export function turn(by) {
  const there = CLOSER.map(([each]) => each).filter((each) => !get(each).closest("figure").hidden);
  closer(there[(there.indexOf(get("closer").dataset.shows) + by + there.length) % there.length]);
}

export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}
