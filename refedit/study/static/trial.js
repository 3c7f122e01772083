// A trial on the screen: its pictures and sentences, how far one is, and the buttons that answer it.

const get = (id) => document.getElementById(id);
const choices = () => document.querySelectorAll(".choice");

/** Shows a trial after the one before it, whose question need not be read again if it is the same. */
export function draw(trial, before) {
  fill("left", trial.left);
  fill("right", trial.right);
  fill("source", trial.source);
  fill("reference", trial.reference);
  const mask = get("source").querySelector(".mask");
  mask.hidden = document.querySelector(".with-mask").hidden = !trial.mask;
  mask.style.maskImage = trial.mask ? `url("picture/${trial.mask}.png")` : "";
  get("prompt").textContent = trial.prompt;
  document.querySelector(".prompt").hidden = !trial.prompt;
  put(trial.question, !before || before.question !== trial.question || before.showing === trial.showing);
  if (before?.showing !== trial.showing) scrollTo(0, 0);
}

function fill(id, picture) {
  get(id).closest("figure").hidden = !picture;
  if (picture) get(id).querySelector("img").src = `picture/${picture}.png`;
}

function put(text, isNew) {
  const question = get("question");
  question.textContent = text;
  question.classList.remove("new");
  if (isNew) {
    void question.offsetWidth; // begins the animation anew
    question.classList.add("new");
  }
  question.focus({preventScroll: true});
}

/** Resolves once what was drawn is on the screen. */
export const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

export function tellPlace(done, of, returning) {
  const percent = Math.round(100 * done / of);
  get("place").textContent = returning ? "Your last answer" : `${done + 1} of ${of}`;
  document.querySelector(".bar").setAttribute("aria-valuenow", percent);
  document.querySelector(".bar i").style.width = `${percent}%`;
}

/** The buttons: with one for no preference where there may be none, and the earlier choice, if any, marked. */
export function offer(tie, before) {
  for (const button of choices()) {
    button.classList.remove("chosen");
    button.classList.toggle("before", before === button.dataset.choice);
    if (button.dataset.choice === "none") button.hidden = !tie;
  }
  document.querySelector(".tie").hidden = !tie;
}

export function enable(can) {
  for (const button of choices()) button.setAttribute("aria-disabled", String(!can));
}

export function mark(choice) {
  document.querySelector(`.choice[data-choice=${choice}]`).classList.add("chosen");
}
