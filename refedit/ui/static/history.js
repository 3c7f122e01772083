// What this browser keeps by itself, so that neither a reload nor a restart of the server loses it: results as the PNGs
// that a download gives, and drafts, which draft.js writes. Nothing of it is sent before it is asked for.
const ENTRIES = 24, BYTES = 200 << 20, THUMBNAIL = 160;
const opened = new Promise((done) => {
  const request = indexedDB.open("refedit", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("results", { keyPath: "id", autoIncrement: true });
    request.result.createObjectStore("draft"); // all of them, by their names
  };
  request.onsuccess = () => done(request.result);
  request.onerror = () => done(null); // a private window may keep nothing
}).catch(() => null); // and a frame may not even ask
const kept = (refedit.kept = async (store, mode, act) => {
  const database = await opened;
  if (!database) return undefined;
  return new Promise((done) => {
    const change = database.transaction(store, mode), request = act(change.objectStore(store));
    change.oncomplete = () => done(request?.result);
    change.onerror = change.onabort = () => done(undefined); // no room: what is on the page stays
  });
});
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
    refedit.putAway();
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
  refedit.remember = async ({ results }) => {
    for (const one of results) {
      const data = await refedit.contentOf(one.full ?? one.image);
      if (!data) continue; // no line to the server, and nothing to keep
      const entry = { data, about: one.about, thumbnail: await thumbnail(data) };
      await kept("results", "readwrite", (store) => store.add(entry));
    }
    await trimmed();
    await show();
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
    await refedit.forgetDrafts();
    await show();
  });
  show();
};
