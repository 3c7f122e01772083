// The bar that stays: Run with what it needs, how many results, the seed, and what is told there.
const named = (id) => document.getElementById(id);
refedit.say = (text) => {
  const box = document.querySelector("#status .status");
  if (!box) return;
  box.className = "status idle";
  delete box.dataset.guide;
  box.replaceChildren(text);
};
refedit.fail = (text) => {
  refedit.say(text);
  document.querySelector("#status .status")?.classList.replace("idle", "failed");
};

refedit.head = (element) => {
  const help = element.querySelector("#help"), keys = element.querySelector("#keys");
  help.addEventListener("click", () => {
    keys.hidden = !keys.hidden;
    help.setAttribute("aria-expanded", !keys.hidden);
  });
};

refedit.tries = (element, props, trigger, watch) => {
  const select = element.querySelector("select");
  select.addEventListener("change", () => ((props.value = select.value), trigger("change")));
  watch("value", () => (select.value = props.value));
};

refedit.words = (element) => {
  const button = element.querySelector(".open-words"), words = element.querySelector(".words");
  button?.addEventListener("click", () => {
    words.hidden = !words.hidden;
    button.setAttribute("aria-expanded", !words.hidden);
  });
};

refedit.copied = (query) => {
  if (!query || query.includes("?")) return query; // nothing new
  const example = refedit.example() && `&example=${encodeURIComponent(refedit.example())}`;
  const link = `${location.origin}${location.pathname}?${query}${example}`, button = named("copy-link"), told = button.textContent;
  const tell = (text) => {
    button.textContent = text;
    setTimeout(() => (button.textContent = told), 3000);
  };
  // Without permission, it can be copied by hand.
  (navigator.clipboard?.writeText(link) ?? Promise.reject()).then(() => tell("Copied"), () => tell("Copy it from below"));
  return link;
};

// What is missing is said at once, where it is missing.
const NEEDED = [
  ["#source", () => refedit.panes.source.filled(), "Choose a picture first."],
  ["#reference", () => refedit.panes.reference.filled(), "Choose the other picture first."],
  ["#source-prompt", () => filled("#source-prompt"), "Say what the picture shows now."],
  ["#prompt", () => filled("#prompt"), "Say what the picture should show."],
];
const PICTURES = ["#source", "#reference"];
const filled = (where) => document.querySelector(`${where} textarea, ${where} input`).value.trim();
const missing = () => NEEDED.find(([where, there]) => document.querySelector(where).offsetParent && !there());
const complain = ([where, , text]) => {
  const place = document.querySelector(where);
  place.classList.add("missing");
  place.querySelector("textarea, input[type=text], .empty")?.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
  refedit.fail(text);
};
refedit.missed = () => {
  for (const place of document.querySelectorAll(".missing")) if (!NEEDED.find(([where, there]) => place.matches(where) && !there())) place.classList.remove("missing");
};
document.addEventListener("input", () => (refedit.missed(), refedit.guide(false)));

// What to do next with own pictures, said until something else is told.
const next = () => {
  const gap = missing(), { source, reference } = refedit.panes;
  if (gap && PICTURES.includes(gap[0])) return gap[2];
  const takes = document.body.dataset.needs.split(" ").includes("reference");
  if (takes && !source.mask()) return "Click in your picture what should change.";
  if (takes && !reference.mask()) return "Click in the other picture what to take.";
  if (!gap) return "Press Run.";
  return takes ? "Say what your picture shows, and what it should show. Then press Run." : "Say what the picture should show, and press Run.";
};
refedit.guide = (begins = true) => {
  const box = () => document.querySelector("#status .status");
  if (!begins && box()?.dataset.guide === undefined) return;
  refedit.say(next());
  box().dataset.guide = "";
};

// The chosen method's panel, and its seed, by dice or kept, if it has one.
const inPanel = (what) => document.querySelector(`.parameter-panel.for-${document.body.dataset.method} ${what}`);
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

// Run needs all that its kind does, waits for pictures that are still on their way, and brings the stage into sight.
const ready = () => {
  const gap = missing();
  if (gap) return complain(gap);
  refedit.missed();
  if (lock()?.getAttribute("aria-pressed") === "false") roll();
  return true;
};
refedit.onceSettled("#run", ready, () => inSight());
const inSight = (refedit.inSight = () => {
  const screen = document.querySelector("#stage .screen"), { top, bottom } = screen.getBoundingClientRect();
  const end = named("bar").getBoundingClientRect().top;
  if (top < 0 || bottom > end) window.scrollBy({ top: Math.min(top - 8, Math.max(bottom - end + 8, top - 48)), behavior: "instant" });
});
// The desk takes what the head leaves of the window, and the bar, which lies over the end of the page.
const measure = () => {
  const set = (name, length) => document.body.style.setProperty(name, `${Math.round(length)}px`);
  set("--bar", named("bar").offsetHeight);
  set("--top", named("desk").getBoundingClientRect().top + window.scrollY);
  if (document.querySelector("#status .running")) inSight();
};
const watching = setInterval(() => {
  const parts = [document.documentElement, named("bar"), named("head"), named("begin"), named("desk")];
  if (!parts.every(Boolean)) return; // they come one by one
  clearInterval(watching);
  const sizes = new ResizeObserver(measure);
  parts.slice(0, -1).forEach((part) => sizes.observe(part));
}, 100);
