// The participant's way: consent, trials, thanks. Texts come from the server; nothing here knows what made a picture.

import {CLOSER, closeDialogs, closer, turn} from "./closer.js";
import {ask, keeper, Outbox, Refusal, wait} from "./outbox.js";
import {loaded, lookAhead, shownIn} from "./pictures.js";
import {rendered} from "./prose.js";
import {draw, enable, mark, offer, painted, tellPlace} from "./trial.js";

const KEYS = {1: "left", 2: "right", 0: "none", ArrowLeft: "left", ArrowRight: "right"};
const get = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search);

let study; // what everybody may know
let own; // {token, outside} of this person, kept in the browser
let outbox;
let trials = [];
let place = -1; // the trial on the screen
let timer = null; // when it was there: see `begin`
let returning = false; // an earlier answer is being changed

// ---- Screens

function show(id) {
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== id;
  get("withdraw").hidden = !own?.token || ["consent", "refused", "full", "withdrawn", "elsewhere"].includes(id);
  if (id !== "trial") get(id).querySelector("h1")?.focus();
}

function broken(error) {
  get("broken-why").textContent = error instanceof Refusal
    ? error.message : "The server cannot be reached. Check your connection, and try again.";
  show("broken");
}

function lead(id, link) {
  const onward = get(id).querySelector(".onward");
  onward.hidden = !link;
  if (link) onward.href = link;
}

// ---- Consent

function askForConsent() {
  const [first, ...rest] = study.consent.split(/\n\s*\n/);
  const titled = first.startsWith("# ");
  get("consent").querySelector("h1").textContent = titled ? first.slice(2) : study.title;
  get("consent").querySelector(".text").replaceChildren(rendered(titled ? rest.join("\n\n") : study.consent));
  get("consent").querySelector(".tick").hidden = study.kind !== "live";
  show("consent");
}

async function agree() {
  get("agree").disabled = true;
  const outside = came();
  const source = address.has("test") ? "test" : study.prolific && outside ? "prolific" : "link";
  const pictures = study.kind === "live" && get("keep-pictures").checked;
  try {
    const body = {consent: study.consent_sha256, outside: source === "test" ? "" : outside, source, pictures};
    const {token} = await ask("start", {body});
    own = {token, outside};
    kept().set(own);
    history.replaceState(null, "", location.pathname);
    await enter();
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) {
      lead("full", error.told.link);
      show("full");
    } else broken(error);
  } finally {
    get("agree").disabled = false;
  }
}

async function refuse() {
  try {
    const {link} = await ask("leave", {body: {why: "refused"}});
    lead("refused", link);
    show("refused");
  } catch (error) { broken(error); }
}

/** Who the recruiter says this is. */
const came = () => address.get("PROLIFIC_PID") ?? address.get("person") ?? "";
const kept = () => keeper(`study-${study.study}`);

// ---- The session

async function enter(again = false) {
  outbox?.stop();
  outbox = new Outbox(`study-${study.study}-outbox`, {token: own.token, refused: refusedLetter, delayed});
  if (again) note("reload");
  await outbox.send(); // what an earlier page could not send counts as answered
  if (outbox.ended) return;
  const session = await ask("session", {token: own.token});
  trials = session.trials;
  get("tested").hidden = !session.test;
  if (session.finished) return finish();
  if (study.kind === "live" && trials.some((trial) => !trial.answered)) return location.assign(`../live#me=${own.token}`);
  next();
}

function refusedLetter(refusal, letter) {
  if (letter.token && letter.token !== own?.token) return console.warn("refused", letter.path, refusal.message); // of others
  if (refusal.status === 410) return elsewhere();
  if (refusal.status === 404) return startOver();
  console.warn("refused", letter.path, refusal.message); // 409: the server has another answer, which counts
}

function elsewhere() {
  outbox.stop();
  kept().set(null);
  own = null;
  closeDialogs();
  show("elsewhere");
}

function startOver() {
  outbox?.stop();
  kept().set(null);
  own = null;
  askForConsent();
}

function delayed(count) {
  const line = get("delayed");
  line.hidden = count === 0;
  if (count) {
    line.textContent = `Saving is delayed. ${count === 1 ? "Your last answer is" : `Your last ${count} answers are`} `
      + "kept in this browser and sent as soon as the server is back. You can go on.";
  }
}

function note(kind, detail = "") {
  const position = trials[place]?.position ?? null;
  outbox.put("event", {uuid: randomId(), kind, position, detail});
}

/** `crypto.randomUUID` is there on secure pages only, which a page of a machine in the same lab is not. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ---- Pictures

async function allLoaded(trial) {
  for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
    try { return await Promise.all(shownIn(trial).map(loaded)); }
    catch {
      delayedPictures(true);
      await wait(pause);
    }
  }
}

function delayedPictures(late) {
  if (late && get("delayed").hidden) {
    get("delayed").textContent = "The pictures are late. They come as soon as the server is back.";
    get("delayed").hidden = false;
  } else if (!late && outbox.empty) get("delayed").hidden = true;
}

// ---- Trials

function next() {
  returning = false;
  const open = trials.findIndex((trial) => !trial.answered);
  return open < 0 ? finish() : put(open);
}

/** Puts a trial on the screen, and the clock at zero once both results are painted. */
async function put(index) {
  const before = trials[place];
  place = index;
  timer = null;
  const trial = trials[index];
  enable(false);
  await allLoaded(trial);
  if (place !== index) return; // somebody was faster
  delayedPictures(false);
  show("trial");
  draw(trial, before);
  tell();
  await Promise.all(["left", "right"].map((side) => get(side).querySelector("img").decode().catch(() => {})));
  await painted();
  if (place === index) begin();
}

function tell() {
  const done = trials.filter((each) => each.answered).length;
  tellPlace(done, trials.length, returning);
  get("back").disabled = returning || !previous();
  offer(study.no_preference, returning ? trials[place].choice : null);
}

function begin() {
  timer = {began: performance.now(), hidden: 0, hiddenSince: document.hidden ? performance.now() : null, firstKey: null};
  const mine = timer;
  setTimeout(() => { if (timer === mine) enable(true); }, study.minimum_ms);
  lookAhead(trials.slice(place + 1));
}

function choose(choice) {
  if (!timer || (choice === "none" && !study.no_preference)) return;
  const now = performance.now();
  const ms = Math.round(now - timer.began);
  timer.firstKey ??= ms;
  if (ms < study.minimum_ms) return;
  countHidden(now);
  const trial = trials[place];
  const answer = {
    position: trial.position, uuid: randomId(), choice, ms,
    hidden_ms: Math.round(timer.hidden), first_key_ms: timer.firstKey,
  };
  timer = null; // a second key finds nothing to answer
  outbox.put("answer", {answer, change: returning});
  if (returning) trial.changed = true;
  Object.assign(trial, {answered: true, choice});
  mark(choice);
  next();
}

function countHidden(now) {
  if (timer?.hiddenSince != null) timer.hidden += now - timer.hiddenSince;
  if (timer) timer.hiddenSince = document.hidden ? now : null;
}

/** The last answer of this visit that was not changed yet. */
function previous() {
  const last = trials.findLastIndex((trial) => trial.answered);
  return last >= 0 && trials[last].choice && !trials[last].changed ? trials[last] : null;
}

function goBack() {
  const trial = previous();
  if (!trial || returning || !timer) return;
  returning = true;
  put(trials.indexOf(trial));
}

// ---- The end

async function finish() {
  closeDialogs();
  show("saving");
  await outbox.send();
  while (own) {
    try {
      const {status, link} = await ask("finish", {token: own.token, body: {}});
      if (status === 200) return thank(link);
    } catch (error) {
      if (error instanceof Refusal) return refusedLetter(error, {path: "finish"}) ?? (own && broken(error));
      delayedPictures(false);
    }
    await wait(2000);
  }
}

function thank(link) {
  lead("thanks", link);
  const mine = `${location.origin}${location.pathname}#me=${own.token}`;
  Object.assign(document.querySelector(".mine"), {href: mine, textContent: mine});
  show("thanks");
}

async function withdraw() {
  closeDialogs();
  try {
    const told = await ask("withdraw", {token: own.token, body: {}});
    if (told.error) get("withdrawn-how").textContent = told.error;
    outbox.stop();
    kept().set(null);
    own = null;
    show("withdrawn");
  } catch (error) { broken(error); }
}

// ---- What people do

function keyed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (get("closer").open) {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") turn(event.key === "ArrowLeft" ? -1 : 1);
    else if (event.key.toLowerCase() === "z") closeDialogs();
    return;
  }
  if (get("trial").hidden || get("sure").open) return;
  if (event.key in KEYS) {
    event.preventDefault();
    choose(KEYS[event.key]);
  } else if (event.key.toLowerCase() === "z") closer("left");
}

function listen() {
  addEventListener("keydown", keyed);
  get("agree").addEventListener("click", agree);
  get("refuse").addEventListener("click", refuse);
  get("back").addEventListener("click", goBack);
  for (const button of document.querySelectorAll(".choice")) button.addEventListener("click", () => choose(button.dataset.choice));
  for (const [id] of CLOSER) get(id).addEventListener("click", () => closer(id));
  get("closer-end").addEventListener("click", closeDialogs);
  for (const button of document.querySelectorAll(".again")) button.addEventListener("click", () => location.reload());
  get("withdraw").addEventListener("click", () => get("sure").showModal());
  get("sure-no").addEventListener("click", closeDialogs);
  get("sure-yes").addEventListener("click", withdraw);
  document.addEventListener("visibilitychange", () => {
    countHidden(performance.now());
    if (document.hidden && timer && outbox) note("blur");
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // back from another page
  addEventListener("beforeunload", (event) => { if (outbox && !outbox.empty) event.preventDefault(); });
}

async function begun() {
  study = await ask("study");
  document.title = study.title;
  get("contact").href = study.contact.includes("@") && !study.contact.includes("://") ? `mailto:${study.contact}` : study.contact;
  get("contact").hidden = false;
  const mine = location.hash.match(/^#me=([\w-]+)$/);
  if (mine) {
    kept().set({token: mine[1], outside: ""});
    history.replaceState(null, "", location.pathname);
  }
  own = kept().get();
  if (own && came() && own.outside !== came()) own = null; // another person at the same browser
  if (address.has("test")) own = null; // every test begins anew
  get("tested").hidden = !address.has("test");
  if (!own) return askForConsent();
  history.replaceState(null, "", location.pathname);
  try { await enter(true); }
  catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (refusedLetter(error, {path: "session"}) ?? false) return;
  }
}

listen();
begun().catch(broken);
