// The stage: the preview while an edit runs, then its results, alone, before and after, or beside the reference.
// What the visitor looks at is known here only; a value of the same run changes nothing of it.
const RESULT = "Result", ALL = "All", COMPARE = "Before / after", BESIDE = "Side by side";
const made = (tag, about = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), about);
  element.append(...inside.filter(Boolean));
  return element;
};
refedit.made = made;

// Pictures of one shape in as many columns as show them largest.
const tiled = (box) => {
  const images = [...box.querySelectorAll("img")], count = images.length;
  const fit = () => {
    const shape = images[0].naturalWidth / images[0].naturalHeight || 1;
    const width = (columns) => Math.min(box.clientWidth / columns, (box.clientHeight / Math.ceil(count / columns)) * shape);
    const best = images.map((_, place) => place + 1).reduce((most, columns) => (width(columns) > width(most) ? columns : most));
    box.style.setProperty("--columns", best);
  };
  new ResizeObserver(fit).observe(box);
  images[0].addEventListener("load", fit);
  return box;
};

// Copies of a run's files in the browser, by the addresses on the server, which keeps them for a while only.
const copies = new Map();
const at = (file) => copies.get(file.url) ?? file.url;
const copyHere = async (files) => {
  for (const address of copies.values()) URL.revokeObjectURL(address);
  copies.clear();
  const one = async ({ url }) => {
    const data = await refedit.fetched(url);
    if (data) copies.set(url, URL.createObjectURL(data));
  };
  await Promise.all(files.filter(Boolean).map(one));
};
refedit.contentOf = (file) => refedit.fetched(at(file));
// What a run left to look at, with something else in place of each of its files.
const withFiles = async (stage, other) => {
  const { before, reference, results } = stage;
  const one = async (result) => ({ ...result, image: await other(result.image), full: await other(result.full) });
  return { ...stage, before: await other(before), reference: await other(reference), results: await Promise.all(results.map(one)) };
};

refedit.stage = (element, props, watch) => {
  const root = element.querySelector(".stage"), part = (selector) => root.querySelector(selector);
  let run = "", view = RESULT, chosen = 0;
  const value = () => props.value ?? {};
  const result = () => value().results?.[chosen];
  const picture = (file, alt, about = {}) => made("img", { src: at(file), alt, draggable: false, ...about });

  const views = () => {
    const several = (value().results?.length ?? 0) > 1;
    return [several && ALL, RESULT, value().before && COMPARE, value().reference && BESIDE].filter(Boolean);
  };
  const radio = (name, label, checked, act, ...inside) => {
    const input = made("input", { type: "radio", name, value: label, checked });
    input.addEventListener("change", act);
    return made("label", {}, input, ...(inside.length ? inside : [made("span", { textContent: label })]));
  };
  const pick = (number) => {
    chosen = number;
    view = view === ALL ? RESULT : view;
    draw();
  };
  const figure = (file, alt, told) => made("figure", {}, picture(file, alt), made("figcaption", { textContent: told }));

  const compare = () => {
    const slider = made("input", { type: "range", min: 0, max: 100, value: 50, ariaLabel: "Before and after: how much is before" });
    const line = made("i");
    const after = picture(result().image, result().about), before = picture(value().before, "Before", { className: "over" });
    const box = made("div", { className: "compare" }, after, before, line, slider);
    const split = () => box.style.setProperty("--at", `${slider.value}%`);
    slider.addEventListener("input", split);
    split();
    const size = () => box.style.setProperty("--shape", `${after.naturalWidth} / ${after.naturalHeight}`);
    after.complete && after.naturalWidth ? size() : after.addEventListener("load", size);
    return box;
  };
  const screens = {
    [RESULT]: () => picture(result().image, result().about, { id: "result" }),
    [COMPARE]: compare,
    [BESIDE]: () => made("div", { className: "beside" }, figure(value().reference, "The other picture", "other picture"), figure(result().image, result().about, "result")),
    [ALL]: () => {
      const tile = (one, number) => {
        const button = made("button", { type: "button", title: one.label }, picture(one.image, one.about), made("span", { textContent: one.label }));
        button.addEventListener("click", () => pick(number));
        return button;
      };
      return tiled(made("div", { className: "all" }, ...value().results.map(tile)));
    },
  };

  const file = (label, file, id, name) => {
    const link = file && made("a", { href: file.url, download: name, textContent: label, id, className: "button" });
    link?.addEventListener("click", () => (link.href = at(file)));
    return link;
  };
  const button = (label, id, act) => {
    const drawn = made("button", { type: "button", textContent: label, id });
    drawn.addEventListener("click", act);
    return drawn;
  };
  const use = async () => {
    const data = await refedit.contentOf(result().image);
    if (!data) return refedit.fail("The server has this picture no more. Run it again, or click it in Your results.");
    const wanted = document.querySelector("#prompt textarea, #prompt input").value, { source } = refedit.panes;
    refedit.putAway();
    refedit.fill("#source-prompt", wanted); // before the picture is sent: of one chosen meanwhile it says nothing
    source.root.scrollIntoView({ block: "nearest" });
    await source.put(new File([data], "result.png", { type: "image/png" }));
  };
  const keep = () => {
    if (result().kind && result().kind !== document.body.dataset.kind) refedit.setKind(result().kind); // one of both methods'
    refedit.keepSeed(result());
    refedit.say(`Kept: ${result().label}. Run uses that from now on.`);
    pick(chosen);
    const tries = document.querySelector("#tries select");
    tries.value = "1";
    tries.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const after = () => {
    if (value().shows === "example" || view === ALL) return []; // an example has its link; of several, one is picked first
    const name = `refedit-${(result().label || "result").replace(/[^\w.]+/g, "-")}`;
    return [
      value().results.length > 1 && button("Keep this one", "keep", keep),
      file("Download", result().full ?? result().image, "download", `${name}.png`),
      result().full && file("Without inputs", result().image, "download-bare", `${name}-bare.png`),
      button("Use as my picture", "use", use),
    ];
  };
  const details = () => {
    const one = result(), box = part(".details div");
    part(".details").hidden = !one?.parameters || view === ALL;
    if (!one?.parameters) return;
    const mask = (address, told, id) => address && made("figure", {}, made("img", { src: address, alt: told, id }), made("figcaption", { textContent: told }));
    const masks = made("div", { className: "masks" }, mask(one.region, "where it was edited", "region-used"), mask(one.subject, "what was taken", "subject-used"));
    box.replaceChildren(masks, made("div", { innerHTML: one.parameters })); // escaped by the server
  };

  const draw = () => {
    const { shows, preview, results = [], told = "" } = value();
    root.dataset.shows = shows ?? "";
    part(".told").textContent = told;
    const done = shows === "results" || shows === "example";
    part(".views").replaceChildren(...(shows === "results" ? views().map((name) => radio("view", name, name === view, () => ((view = name), draw()))) : []));
    const screen = part(".screen");
    if (shows === "preview") {
      const image = screen.querySelector("#preview") ?? made("img", { id: "preview" });
      Object.assign(image, { src: preview.url, alt: preview.alt });
      if (!image.isConnected) screen.replaceChildren(image);
    } else if (done && results.length) screen.replaceChildren(screens[view]());
    else screen.replaceChildren(made("p", { textContent: "The edited picture will appear here." }));
    const picks = done && results.length > 1 && view !== ALL ? results : [];
    part(".picks").replaceChildren(...picks.map((one, number) => radio("pick", one.label, number === chosen, () => pick(number), picture(one.image, one.label))));
    part(".after").replaceChildren(...(done && results.length ? after().filter(Boolean) : []));
    details();
  };
  const copyAndRemember = async (arrived) => {
    const { run, results, before, reference } = arrived;
    await copyHere([before, reference, ...results.flatMap((one) => [one.image, one.full])]);
    if (!run.startsWith("restored")) refedit.remember?.(arrived);
    const whole = await withFiles(arrived, async (file) => file && refedit.contentOf(file));
    const there = whole.results.every((one) => one.image) && value().run === run; // all came, and nothing after them
    if (there) refedit.keepShown(whole);
  };
  const arrive = () => {
    const { shows, results = [] } = value(), fresh = value().run !== run;
    if (fresh || (shows !== "preview" && root.dataset.shows === "preview")) {
      run = value().run;
      chosen = 0;
      view = results.length > 1 ? ALL : shows === "example" ? COMPARE : RESULT;
      if (shows === "results") {
        for (const pane of Object.values(refedit.panes)) pane.hide();
        if (!value().here) copyAndRemember(value());
      }
    }
    draw();
    if (shows === "example" && refedit.ready) refedit.inSight(); // chosen by the visitor
  };

  // The name of the example that is shown, as links spell it; "" if it is none.
  refedit.example = () => (value().shows === "example" ? value().run.replace("example ", "").toLowerCase().replaceAll(" ", "-") : "");
  // What this browser has kept of a run.
  refedit.showKept = async (stage) => {
    const shown = await withFiles(stage, (data) => data && { url: URL.createObjectURL(data) });
    props.value = { ...shown, here: true };
    arrive();
  };
  refedit.shownRun = () => (value().shows === "results" ? value().run : "");
  // While O is held, the source is seen in the result's place.
  refedit.lookBack = (back) => {
    const image = root.querySelector("#result");
    if (!image || !value().before) return;
    image.src = at(back ? value().before : result().image);
    root.toggleAttribute("data-held", back);
  };
  refedit.clearStage = () => {
    props.value = { shows: "", run: "", results: [] };
    arrive();
  };
  // With pictures of one's own it is no example any more.
  refedit.leaveExample = () => value().shows === "example" && refedit.clearStage();
  watch("value", arrive);
  arrive();
};
