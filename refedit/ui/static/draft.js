// The draft: what stands on the page, kept so that neither a reload nor a restart of the server loses it. Each tab has
// one of its own; a lock by its name keeps other tabs from it for as long as this one is open.
const MOST = 6; // drafts of closed tabs that are kept, and of one tab that are put away
const PATIENCE = 1000; // ms for which a reload waits until the page that was here lets go
const FIELDS = ["source-prompt", "prompt"];
const field = (name) => document.querySelector(`#${name} textarea, #${name} input`);
const tab = (() => {
  try {
    return window.sessionStorage ?? {};
  } catch {
    return {}; // a frame may be refused it
  }
})();

const lockOf = (name) => `refedit ${name}`;
// Whether the name is free, which it is for nobody else from then on. An insecure page has no locks: none is free there.
const locked = (name, patience = 0) =>
  new Promise((done) => {
    if (!navigator.locks) return done(false);
    const how = patience ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
    const hold = (lock) => (done(Boolean(lock)), lock && new Promise(() => {}));
    navigator.locks.request(lockOf(name), how, hold).catch(() => done(false));
  });
const shownWith = (name) => `${name} shown`;
// All drafts with their names, the newest first.
const all = async () => {
  const drafts = ((await refedit.kept("draft", "readonly", (store) => store.getAll())) ?? []).filter((draft) => draft.kind);
  const named = drafts.map((draft) => ({ name: draft.name ?? "now", draft })); // an earlier version had one, without a name
  return named.sort((one, other) => (other.draft.at ?? 0) - (one.draft.at ?? 0));
};
const trimmed = async (drafts) => {
  const held = (await navigator.locks?.query())?.held.map((lock) => lock.name) ?? [];
  const closed = drafts.filter(({ name }) => name !== tab.draft && !held.includes(lockOf(name)));
  for (const { name } of closed.slice(MOST))
    for (const gone of [name, shownWith(name)]) await refedit.kept("draft", "readwrite", (store) => store.delete(gone));
};
// A draft of an example or of a link that nobody has changed is nothing that another tab should go on with.
const hasWork = ({ own, source, reference, run }) => !own || own.length > 0 || source?.own || reference?.own || run;
// What a link asks for; names that Gradio and a Space add ask for nothing, as in state/link.py.
const OTHERS = /^__|^(view|deep_link)$/;
const asked = [...new URLSearchParams(location.search)].filter(([name]) => !OTHERS.test(name)).join("&");
const isReload = () => performance.getEntriesByType("navigation")[0]?.type !== "navigate";
// The tab's draft: after a reload its own; in a new tab the newest that no open one has; with a link what that asks for.
const adopted = async () => {
  const drafts = await all(), linked = asked !== "";
  const here = tab.draft && tab.link === asked && (!linked || isReload());
  const own = here && drafts.find(({ name }) => name === tab.draft), others = drafts.filter(({ draft }) => hasWork(draft));
  await trimmed(drafts);
  if (here && (await locked(tab.draft, PATIENCE))) return { name: tab.draft, draft: own?.draft };
  if (!here && !linked) for (const one of others) if (await locked(one.name)) return one;
  const name = `draft ${Date.now()} ${Math.random()}`; // of a duplicated tab it begins with what the first one has
  await locked(name);
  const from = own ?? (navigator.locks || linked ? null : others[0]);
  return { name, draft: from?.draft, from: from?.name };
};
const beginning = adopted()
  .then((one) => (Object.assign(tab, { draft: one.name, link: asked }), one))
  .catch(() => ({ name: "draft", draft: null })); // nothing can be kept, which is no reason not to open

let saving = 0, opening = true, settings = {};
// Taken at once, though pictures may take a while to come.
const taken = async () => {
  const draft = { kind: document.body.dataset.kind, settings, run: refedit.shownRun(), own: FIELDS.filter(refedit.ownSentence) };
  for (const name of FIELDS) draft[name] = field(name)?.value ?? "";
  const picture = async (pane) => ({ mask: pane.mask(), own: pane.own(), file: await pane.blob() });
  await Promise.all(Object.entries(refedit.panes).map(async ([name, pane]) => (draft[name] = await picture(pane))));
  return draft;
};
refedit.saved = async () => {
  clearTimeout(saving);
  const { name } = await beginning, draft = { ...(await taken()), name, at: Date.now() };
  await refedit.kept("draft", "readwrite", (store) => store.put(draft, name));
};
refedit.changed = () => {
  if (opening) return;
  clearTimeout(saving);
  saving = setTimeout(refedit.saved, 400);
};
document.addEventListener("input", (event) => FIELDS.some((name) => field(name) === event.target) && refedit.changed());
// Results are large and change less often than the rest: they are written once, when they are there.
let onShow = null;
// All but what stands on this page: drafts of other tabs, too, with what they showed.
refedit.forgetDrafts = async () => {
  await refedit.kept("draft", "readwrite", (store) => store.clear());
  onShow = null;
  await refedit.saved();
};
refedit.keepShown = async (shown) => {
  onShow = shown;
  const { name } = await beginning;
  await refedit.kept("draft", "readwrite", (store) => store.put(shown, shownWith(name)));
  refedit.changed();
};

// Parameters are Gradio's components, which hand their values over, and take those of a draft, in the order of the names.
refedit.set = (names, values) => {
  settings = Object.fromEntries(names.map((name, place) => [name, values[place]]));
  refedit.changed();
};
const filled = (names, values, stored = {}) => {
  refedit.set(names, names.map((name, place) => stored[name] ?? values[place]));
  return names.map((name) => settings[name]);
};
const fillIn = async (draft, shown) => {
  refedit.setKind(draft.kind);
  for (const [name, pane] of Object.entries(refedit.panes)) {
    const { file, mask, own } = draft[name] ?? {};
    if (file) await pane.put(file, mask, own).catch(() => pane.empty()); // a file that is no picture opens an empty pane
    else pane.empty(own);
  }
  for (const name of FIELDS) {
    refedit.fill(`#${name}`, draft[name]);
    if (draft.own && !draft.own.includes(name)) delete field(name).dataset.own;
  }
  refedit.guide();
  if (!draft.run || shown?.run !== draft.run) return refedit.clearStage();
  await refedit.showKept(shown);
  refedit.keepShown(shown);
};

// What an example or an older result is put in the place of, and the way back to it.
const away = [];
const owned = () => FIELDS.some(refedit.ownSentence) || Object.values(refedit.panes).some((pane) => pane.own());
const offer = (there = away.length > 0) => document.getElementById("back").toggleAttribute("hidden", !there);
refedit.putAway = () => {
  if (!owned()) return;
  away.push({ draft: taken(), shown: onShow });
  if (away.length > MOST) away.shift();
  offer();
};
refedit.broughtBack = async (names, values) => {
  const last = away.pop();
  offer(false); // until this one is there
  if (owned()) away.unshift({ draft: taken(), shown: onShow });
  const draft = await last.draft;
  await fillIn(draft, last.shown);
  offer();
  return filled(names, values, draft.settings);
};
document.addEventListener("click", (event) => event.target.closest?.(".tile") && refedit.putAway(), true);

// The page is filled in by the server: with a link's or the first example. A draft comes after that.
refedit.drafted = async (names, values) => filled(names, values, (await beginning).draft?.settings);
window.addEventListener("pagehide", () => (tab.cut = document.querySelector("#status .running") ? "yes" : ""));
refedit.opened = async () => {
  refedit.showKind();
  const { name, draft, from = name } = await beginning;
  if (draft) await fillIn(draft, await refedit.kept("draft", "readonly", (store) => store.get(shownWith(from))));
  // A link's own words are meant for the picture that will be chosen; those of an example are not.
  const words = new URLSearchParams(location.search);
  for (const name of draft ? [] : FIELDS) if (words.has(name.replace("-", "_"))) field(name).dataset.own = field(name).value;
  if (tab.cut) refedit.say("The page was loaded again, which stopped the edit that was running. Run begins it anew.");
  tab.cut = "";
  opening = false;
  if (draft) refedit.changed(); // it may have another name now
  refedit.ready = true;
};
