// The bar that stays: Run with what it needs, how many results, the seed, and what is told there.
const named = (id) => document.getElementById(id);
// Told as the server tells it, by the component's value: what it says next replaces it, be it what it said before.
refedit.status = (element, props) => {
  const tell = (kind) => (text) => {
    const box = refedit.made("div", { className: `status ${kind}`, role: kind === "failed" ? "alert" : "status", textContent: text });
    props.value = box.outerHTML;
  };
  Object.assign(refedit, { say: tell("idle"), fail: tell("failed"), advise: tell("idle guide") });
};

refedit.head = (element, trigger) => {
  const help = element.querySelector("#help"), keys = element.querySelector("#keys");
  help.addEventListener("click", () => {
    keys.hidden = !keys.hidden;
    help.setAttribute("aria-expanded", !keys.hidden);
  });
  element.querySelector("#back").addEventListener("click", () => trigger("click"));
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
const complain = (place, text) => {
  place.classList.add("missing");
  place.querySelector("textarea, input, .empty")?.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
  refedit.fail(text);
};
refedit.missed = () => {
  for (const place of document.querySelectorAll(".missing")) if (!NEEDED.find(([where, there]) => place.matches(where) && !there())) place.classList.remove("missing");
};
document.addEventListener("input", () => (refedit.missed(), refedit.guide(false)));
// What an example says of itself is true until something on the page is the visitor's own.
refedit.differs = () => document.querySelector("#status .status.example") && refedit.guide();

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
  if (begins || document.querySelector("#status .guide")) refedit.advise(next());
};

// Run needs all that its kind does, waits for pictures that are still on their way, and brings the stage into sight.
const ready = () => {
  const gap = missing(), unfit = refedit.unfitNumber();
  if (gap) return complain(document.querySelector(gap[0]), gap[2]);
  refedit.missed();
  if (unfit) return complain(...unfit);
  refedit.rollSeed();
  return true;
};
refedit.onceSettled("#run", ready, () => inSight());
// In a low window the bar lies in the page, and over nothing.
const height = () => (getComputedStyle(named("bar")).position === "fixed" ? named("bar").offsetHeight : 0);
const inSight = (refedit.inSight = () => {
  const screen = document.querySelector("#stage .screen"), { top, bottom } = screen.getBoundingClientRect();
  const end = innerHeight - height();
  if (top < 0 || bottom > end) window.scrollBy({ top: Math.min(top - 8, Math.max(bottom - end + 8, top - 48)), behavior: "instant" });
});
// The desk takes what the head leaves of the window, and the bar, which lies over the end of the page.
const measure = () => {
  const set = (name, length) => document.body.style.setProperty(name, `${Math.round(length)}px`);
  set("--bar", height());
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
