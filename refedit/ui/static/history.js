// What this browser keeps by itself, so that neither a reload nor a restart of the server loses it: results as the PNGs
// that a download gives, and the draft, which is what stands on the page. Nothing of it is sent before it is asked for.
const ENTRIES = 24, BYTES = 200 << 20, THUMBNAIL = 160;
const opened = new Promise((done) => {
  const request = indexedDB.open("refedit", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("results", { keyPath: "id", autoIncrement: true });
    request.result.createObjectStore("draft");
  };
  request.onsuccess = () => done(request.result);
  request.onerror = () => done(null); // a private window may keep nothing
});
const kept = async (store, mode, act) => {
  const database = await opened;
  if (!database) return undefined;
  return new Promise((done) => {
    const change = database.transaction(store, mode), request = act(change.objectStore(store));
    change.oncomplete = () => done(request?.result);
    change.onerror = change.onabort = () => done(undefined); // no room: what is on the page stays
  });
};
const { made } = refedit;

const thumbnail = async (data) => {
  const image = await refedit.loaded(URL.createObjectURL(data));
  const scale = Math.min(1, THUMBNAIL / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return canvas.toDataURL("image/jpeg", 0.85);
};

refedit.history = (element, props, trigger, upload) => {
  const root = element.querySelector(".visit"), strip = root.querySelector(".strip"), forget = root.querySelector(".forget");
  const all = async () => ((await kept("results", "readonly", (store) => store.getAll())) ?? []).reverse();
  let wish = 0;
  const restore = async (file) => {
    const mine = ++wish, data = await upload(file).catch((error) => void refedit.fail(refedit.refusal(error)));
    if (!data || mine !== wish) return; // another one was wished for while this one was sent
    props.value = { ...data, orig_name: file.name, meta: { _type: "gradio.FileData" } };
    trigger("upload");
    document.getElementById("stage").scrollIntoView({ block: "nearest" });
  };
  const show = async () => {
    const entries = await all();
    root.classList.toggle("none", !entries.length);
    strip.replaceChildren(
      ...entries.map((entry) => {
        const image = made("img", { src: entry.thumbnail, alt: entry.about });
        const button = made("button", { type: "button", title: entry.about }, image);
        button.addEventListener("click", () => restore(new File([entry.data], "result.png", { type: "image/png" })));
        return button;
      }),
    );
  };
  const trimmed = async () => {
    let bytes = 0;
    for (const [number, entry] of (await all()).entries()) {
      bytes += entry.data.size;
      if (number && (number >= ENTRIES || bytes > BYTES)) await kept("results", "readwrite", (store) => store.delete(entry.id));
    }
  };
  refedit.remember = async ({ run, results }) => {
    for (const one of results) {
      const data = await refedit.contentOf(one.full ?? one.image);
      if (!data) continue; // no line to the server, and nothing to keep
      const entry = { run, data, about: one.about, label: one.label, parameters: one.parameters, thumbnail: await thumbnail(data) };
      await kept("results", "readwrite", (store) => store.add(entry));
    }
    await trimmed();
    await show();
    refedit.changed();
  };
  document.addEventListener("click", (event) => event.target.closest?.(".restore") && root.querySelector("input").click());
  root.querySelector("input").addEventListener("change", (event) => {
    const file = event.target.files[0];
    event.target.value = "";
    if (file) restore(file);
  });
  forget.addEventListener("click", async () => {
    if (forget.dataset.sure === undefined) {
      forget.dataset.sure = ""; // it cannot be undone, so it is asked for twice
      forget.textContent = "Forget all of them?";
      setTimeout(() => (delete forget.dataset.sure, (forget.textContent = "Forget them")), 5000);
      return;
    }
    await kept("results", "readwrite", (store) => store.clear());
    await show();
  });
  show();
};

// The draft: both pictures with their masks, both sentences, the kind of edit, its parameters, and the results on show.
const FIELDS = ["source-prompt", "prompt"];
const field = (name) => document.querySelector(`#${name} textarea, #${name} input`);
let saving = 0, opening = true, settings = {}, run = "";
const drafted = () => (location.search.length > 1 ? null : kept("draft", "readonly", (store) => store.get("now"))); // unless a link asks
refedit.saved = async () => {
  clearTimeout(saving);
  run = refedit.shownRun() === "restored here" ? run : refedit.shownRun();
  const draft = { kind: document.body.dataset.kind, settings, run };
  for (const name of FIELDS) draft[name] = field(name)?.value ?? "";
  for (const [name, pane] of Object.entries(refedit.panes)) draft[name] = { file: await pane.blob(), mask: pane.mask() };
  await kept("draft", "readwrite", (store) => store.put(draft, "now"));
};
refedit.changed = () => {
  if (opening) return;
  clearTimeout(saving);
  saving = setTimeout(refedit.saved, 400);
};
document.addEventListener("input", (event) => FIELDS.some((name) => field(name) === event.target) && refedit.changed());
// Parameters are Gradio's components, which hand their values over, and take those of a draft, in the order of the names.
refedit.set = (names, values) => {
  settings = Object.fromEntries(names.map((name, place) => [name, values[place]]));
  refedit.changed();
};
refedit.drafted = async (names, values) => {
  const stored = (await drafted())?.settings ?? {};
  refedit.set(names, names.map((name, place) => stored[name] ?? values[place]));
  return names.map((name) => settings[name]);
};

// The page is filled in by the server: with a link's or the first example. A draft comes after that.
refedit.opened = async () => {
  refedit.showKind();
  const draft = await drafted();
  if (draft) {
    refedit.setKind(draft.kind);
    for (const [name, pane] of Object.entries(refedit.panes)) {
      const { file, mask } = draft[name] ?? {};
      if (file) await pane.put(file, mask).catch(() => pane.empty()); // a file that is no picture opens an empty pane
      else pane.empty();
    }
    for (const name of FIELDS) refedit.fill(`#${name}`, draft[name]);
    refedit.clearStage?.();
    refedit.guide();
    run = draft.run ?? "";
    const shown = run ? ((await kept("results", "readonly", (store) => store.getAll())) ?? []).filter((entry) => entry.run === run) : [];
    const image = (entry) => ({ url: URL.createObjectURL(entry.data) });
    if (shown.length) await refedit.showKept(shown.map((entry) => ({ ...entry, image: image(entry), full: null })));
  }
  opening = false;
  refedit.ready = true;
};
