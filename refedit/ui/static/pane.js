// The pane of a picture: its canvas, its tools and its past. What is on it is a "document" that no change alters: every
// change makes a new one, and Undo goes back, to an earlier picture, too.
refedit.panes = {};
refedit.paneInUse = () => {
  const used = refedit.panes[document.body.dataset.pane];
  return used?.root.offsetParent ? used : refedit.panes.source;
};
// A click on Run goes through once all pictures are on the server, none shown large; `before` may forbid it.
refedit.onceSettled = (selector, before = () => true, after = () => {}) => {
  let passing = false;
  const wait = async (event) => {
    const run = event.target.closest?.(selector);
    if (!run || passing) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (!before()) return;
    for (const pane of Object.values(refedit.panes)) {
      pane.large(false);
      await pane.settled();
    }
    after();
    await new Promise((done) => setTimeout(done, 80)); // until Gradio has taken what was just filled in
    passing = true;
    run.click();
    passing = false;
  };
  document.addEventListener("click", wait, true);
};
const PAST = 40;
const FRESH = (refedit.keep * 1000) / 3; // ms after which a picture is sent again: the server does not keep it for ever
const EMPTY = { photo: null, mask: "", thing: "", base: "", clicks: [] };
const LOST = "The server cannot be reached. Try again in a moment.";

// Why an upload was not taken: the server's own sentence, if it gave one.
refedit.refusal = (error) => /"error": ?"([^"]+)"/.exec(error?.message ?? "")?.[1] ?? LOST;

refedit.pane = (element, props, trigger, server, upload, watch) => {
  const root = element.querySelector(".pane"), name = root.dataset.name;
  const part = (selector) => root.querySelector(selector), parts = (selector) => [...root.querySelectorAll(selector)];
  const view = part("canvas.view");
  let now = EMPTY, past = [], later = [], mask = null, thing = null, quiet = false, waiting = Promise.resolve();
  let looked = null, wish = 0;

  const say = (text) => (part(".note").textContent = text ?? "");
  const tool = () => part("[name$=-tool]:checked").value;
  const adding = () => part(".sign").getAttribute("aria-pressed") === "false";
  const room = () => Number(part(".room").value);

  // ---- what is on it
  const tell = () => {
    props.value = { picture: now.photo?.uploaded ?? null, mask: now.mask };
    trigger("change");
    refedit.changed?.();
    refedit.guide?.(false);
  };
  const show = async (next, sheets = {}) => {
    now = next;
    const image = next.photo?.image, size = image && [image.naturalWidth, image.naturalHeight];
    const read = async (spelled) => (image ? refedit.read(spelled, ...size) : null);
    const [nextMask, nextThing] = [sheets.mask ?? (await read(next.mask)), next.thing ? await read(next.thing) : null];
    if (now !== next) return; // another change was quicker
    [mask, thing] = [nextMask, nextThing];
    root.classList.toggle("filled", Boolean(image));
    root.classList.toggle("clicked", Boolean(next.thing));
    part(".undo").disabled = !past.length;
    tell();
    draw();
  };
  // What the visitor makes is `own`, what the server fills in is not.
  const change = (next, sheets, own = true) => {
    if (now.photo) past = [...past, now].slice(-PAST); // an empty pane is nothing to go back to
    later = [];
    hush(false);
    if (own) refedit.differs?.();
    return show({ ...next, own }, sheets);
  };
  const back = (from, to) => {
    if (!from.length) return false;
    wish += 1;
    to.push(now);
    const next = from.pop();
    if (next.photo !== now.photo) easel.reset();
    say("");
    show(next);
    return true;
  };

  // ---- pictures
  const sent = (photo) => {
    const sending = upload(photo.file).then((data) => {
      photo.uploaded = { ...data, orig_name: photo.file.name, meta: { _type: "gradio.FileData" } };
      photo.at = Date.now();
      if (now.photo === photo) tell();
    });
    waiting = Promise.all([waiting, sending.catch((error) => say(refedit.refusal(error)))]);
    return waiting;
  };
  // A picture takes its time to load; one that was wished for later must not be overtaken by it.
  const loadedInTime = async (address) => {
    const mine = ++wish, image = await refedit.loaded(address);
    return mine === wish ? image : null;
  };
  const put = async (file, spelled = "", own = true) => {
    const photo = { file, image: await loadedInTime(URL.createObjectURL(file)), uploaded: null };
    if (!photo.image) return;
    easel.reset();
    const sending = sent(photo);
    await change({ ...EMPTY, photo, mask: spelled }, {}, own);
    return sending;
  };
  const take = async (file) => {
    say("");
    const mine = ++wish, { file: usable, note } = await refedit.prepared(file);
    if (mine !== wish) return; // another picture was wished for while this one was made smaller
    if (usable) await put(usable);
    say(note);
    if (!usable) return;
    if (name === "source") refedit.forgetSentences?.();
    for (const told of ["leaveExample", "missed", "guide"]) refedit[told]?.();
  };
  const empty = (own = false) => {
    wish += 1;
    return (now.photo || props.value?.picture) && change(EMPTY, {}, own);
  };
  const adopt = async () => {
    const { picture, mask: spelled } = props.value ?? {};
    if (picture?.path === now.photo?.uploaded?.path && (spelled ?? "") === now.mask) return;
    if (!picture) return now.photo ? empty() : undefined;
    const same = picture.path === now.photo?.uploaded?.path;
    const photo = same ? now.photo : { file: null, image: await loadedInTime(picture.url), uploaded: picture, at: Date.now() };
    if (!photo.image) return;
    easel.reset();
    say("");
    return change({ ...EMPTY, photo, mask: spelled ?? "" }, {}, false);
  };
  const blob = async () => {
    const photo = now.photo;
    if (photo && !photo.file) {
      const data = await refedit.fetched(photo.uploaded.url);
      photo.file = data && new File([data], "picture.png", { type: data.type });
    }
    return photo?.file ?? null;
  };
  // Sends the picture again if the server has it no more: its time was over while nobody looked, or it was started anew.
  const renewed = async () => {
    await waiting;
    const photo = now.photo;
    if (!photo?.file || !photo.uploaded) return false;
    const there = await fetch(photo.uploaded.url, { method: "HEAD" }).then((answer) => answer.ok, () => true);
    if (!there) await sent(photo);
    return !there;
  };
  window.addEventListener("focus", renewed);
  setInterval(() => now.photo?.file && Date.now() - (now.photo.at ?? 0) > FRESH && sent(now.photo), FRESH / 4);

  // ---- what the server computes
  const ask = async (what, question = {}) => {
    root.classList.add("asking");
    const { photo } = now;
    try {
      await waiting;
      const size = [mask.width, mask.height];
      const asked = () => server[what]({ name, picture: photo.uploaded, size, ...question });
      let answer = await asked();
      if (answer.error && (await renewed())) answer = await asked();
      if (now.photo !== photo) return null; // the question was about another picture
      say(answer.error ?? answer.note);
      return answer.error ? null : answer;
    } catch {
      say(LOST);
      return null;
    } finally {
      root.classList.remove("asking");
    }
  };
  const look = () => {
    if (!now.photo || looked === now.photo) return;
    looked = now.photo;
    waiting.then(() => server.embed({ name, picture: looked.uploaded })).catch(() => {});
  };
  const joined = async (base, answer) => {
    const image = now.photo.image, read = (spelled) => refedit.read(spelled, image.naturalWidth, image.naturalHeight);
    return refedit.combine(await read(base), await read(answer.mask), true);
  };
  const selectThing = async (before, base, clicks, answer) => {
    const sheet = await joined(base, answer);
    if (now !== before) return; // something else was done meanwhile
    change({ ...before, mask: refedit.spell(sheet), thing: answer.thing, base, clicks }, { mask: sheet });
  };
  const click = async (x, y, inside) => {
    const before = now, point = [x, y, inside];
    const refines = !inside && thing && refedit.holds(thing, x, y);
    if (!inside && !refines) {
      if (!refedit.holds(mask, x, y)) return say("Nothing is selected there that could be taken away.");
      const answer = await ask("cut", { clicks: [[x, y, true]], room: 0 });
      if (!answer || now !== before) return;
      const gone = await refedit.read(answer.mask, mask.width, mask.height);
      const sheet = refedit.combine(await refedit.read(before.mask, mask.width, mask.height), gone, false);
      return change({ ...before, mask: refedit.spell(sheet), thing: "", base: "", clicks: [] }, { mask: sheet });
    }
    const [base, clicks] = refines ? [before.base, [...before.clicks, point]] : [before.mask, [point]];
    const answer = await ask("cut", { clicks, room: room() });
    if (answer) await selectThing(before, base, clicks, answer);
  };
  const grow = async () => {
    if (!now.thing) return;
    const before = now;
    const answer = await ask("alter", { mask: now.thing, operation: "room", room: room() });
    if (answer) await selectThing(before, before.base, before.clicks, { ...answer, thing: before.thing });
  };
  const operate = async (operation) => {
    const before = now;
    const answer = before.photo && (await ask("alter", { mask: before.mask, operation }));
    if (answer && now === before) change({ ...before, mask: answer.mask, thing: "", base: "", clicks: [] });
  };
  const find = async (word) => {
    const before = now;
    if (!word.trim()) return say("Type the word of a thing first.");
    const answer = before.photo && (await ask("find", { word, room: room() }));
    if (answer) await selectThing(before, before.mask, [], answer);
  };
  const takeMask = async (file) => {
    const before = now, bytes = new Uint8Array(await file.arrayBuffer());
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    const answer = before.photo && (await ask("from_file", { file: btoa(text) }));
    if (answer && now === before) change({ ...before, mask: answer.mask, thing: "", base: "", clicks: [] });
  };

  // ---- drawing it
  const thickness = () => (Number(part(".size").value) / 100) * Math.max(mask.width, mask.height);
  const easel = refedit.easel(view, () => ({
    image: now.photo?.image,
    mask,
    thing: room() > 0 ? thing : null,
    clicks: now.clicks,
    quiet,
    adding: adding(),
    corners: hand.corners(),
    brush: hand.over() && mask && tool() === "brush" && { x: hand.over()[0], y: hand.over()[1], size: thickness() / mask.width },
  }));
  const { draw } = easel;
  const hush = (still) => {
    quiet = still;
    root.classList.toggle("quiet", quiet);
    draw();
  };

  // ---- by hand
  const painted = () => (say(""), change({ ...now, mask: refedit.spell(mask), thing: "", base: "", clicks: [] }, { mask }));
  const hand = refedit.hand(view, easel, {
    filled: () => Boolean(now.photo),
    mask: () => mask,
    tool,
    adding,
    thickness,
    painted,
    asBefore: () => show(now),
    clicked: (x, y) => click(x, y, adding()),
  });

  // ---- its buttons
  const choose = () => part(".file").click();
  const on = (selector, act) => part(selector).addEventListener("click", act);
  on(".empty", choose);
  on(".other", choose);
  on(".undo", () => back(past, later));
  on(".sign", () => sign(adding()));
  on(".clear", () => now.mask && change({ ...now, mask: "", thing: "", base: "", clicks: [] }));
  on(".remove", () => (large(false), empty(true))); // an empty pane shown large has no way back on a phone
  on(".large", () => large(!root.classList.contains("large-view")));
  on(".open-more", () => {
    const open = part(".more").hidden;
    part(".more").hidden = !open;
    part(".open-more").setAttribute("aria-expanded", open);
    if (open) part(".more").scrollIntoView({ block: "nearest" });
  });
  on(".mask-file", () => part(".mask-input").click());
  for (const button of parts("[data-operation]")) button.addEventListener("click", () => operate(button.dataset.operation));
  const files = (selector, act) =>
    part(selector).addEventListener("change", (event) => {
      const file = event.target.files[0];
      event.target.value = "";
      if (file) act(file);
    });
  files(".file", take);
  files(".mask-input", takeMask);
  part(".find").addEventListener("submit", (event) => (event.preventDefault(), find(part(".word").value)));
  part(".typed").addEventListener("submit", (event) => {
    event.preventDefault();
    const [x, y, sign] = part(".place").value.split(",").map((text) => text.trim()), image = now.photo?.image;
    const inside = image && [x, y].every((text) => /^\d+(\.\d+)?$/.test(text)) && x < image.naturalWidth && y < image.naturalHeight;
    if (!inside) return say("Type a place inside the picture: X,Y in pixels from the top left.");
    click((Number(x) + 0.5) / image.naturalWidth, (Number(y) + 0.5) / image.naturalHeight, sign !== "-");
  });
  const ranges = () => parts(".range").forEach((range) => (range.querySelector("output").value = `${range.querySelector("input").value} %`));
  for (const range of parts(".range input")) range.addEventListener("input", () => (ranges(), draw()));
  part(".room").addEventListener("change", grow);
  part(".room").addEventListener("input", () => (part(".room").dataset.chosen = ""));
  if (name === "source")
    refedit.suggestRoom = (share) => {
      // What is clicked, and what a visitor chose, stays: the room that is shown is the one that the mask has.
      if ("chosen" in part(".room").dataset || now.thing) return;
      part(".room").value = share;
      ranges();
    };
  ranges();
  const sign = (takes) => {
    part(".sign").setAttribute("aria-pressed", takes);
    draw();
  };
  const setTool = (wanted, takes = !adding()) => {
    part(`[name$=-tool][value=${wanted}]`).checked = true;
    sign(takes);
    used();
  };
  const large = (on) => {
    root.classList.toggle("large-view", on);
    part(".large").textContent = on ? "Small" : "Large";
  };
  const used = () => {
    root.dataset.tool = tool();
    document.body.dataset.pane = name;
    for (const pane of Object.values(refedit.panes)) pane.root.classList.toggle("in-use", pane.root === root);
    if (quiet) hush(false);
    if (tool() === "click") look();
  };
  root.addEventListener("pointerdown", used, true);
  root.addEventListener("focusin", used);
  root.addEventListener("pointerenter", () => now.photo && quiet && hush(false));
  root.dataset.tool = tool();

  watch("value", adopt);
  part(".undo").disabled = true;
  refedit.panes[name] = {
    root, take, put, blob, setTool, large,
    undo: () => back(past, later),
    redo: () => back(later, past),
    swap: () => sign(adding()),
    resize: (factor) => ((part(".size").value *= factor), ranges(), draw()),
    hide: () => hush(true),
    settled: renewed,
    filled: () => Boolean(now.photo),
    empty,
    mask: () => now.mask,
    own: () => Boolean(now.own),
    size: () => [now.photo.image.naturalWidth, now.photo.image.naturalHeight],
  };
  if (props.value?.picture) adopt();
};
