// What is on its way to the server: kept in this browser until it is stored there, and sent in its order.

/** A place that outlives a reload where the browser allows that, and this page where it does not. */
export function keeper(name) {
  let memory = null;
  return {
    get() {
      try { return JSON.parse(localStorage.getItem(name)) ?? memory; } catch { return memory; }
    },
    set(value) {
      memory = value;
      try {
        if (value === null) localStorage.removeItem(name);
        else localStorage.setItem(name, JSON.stringify(value));
      } catch { /* a browser that keeps nothing: `memory` has it */ }
    },
  };
}

/** Asks the server; a Refusal says no, any other error means that it cannot be reached. */
export async function ask(path, {token, body} = {}) {
  const headers = {Accept: "application/json"};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(`api/${path}`, {
    method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), credentials: "same-origin",
  });
  if (answer.status >= 500 || answer.status === 429) throw new Error(`The server answers ${answer.status}.`);
  const told = await answer.json();
  if (!answer.ok) throw new Refusal(answer.status, told);
  return {...told, status: answer.status};
}

export class Refusal extends Error {
  constructor(status, told) {
    super(told.error ?? `The server answers ${status}.`);
    this.status = status;
    this.told = told;
  }
}

export const wait = (ms) => new Promise((done) => setTimeout(done, ms));

const PAUSES = [500, 1000, 2000, 4000, 8000];

export class Outbox {
  /** `refused(refusal, letter)` hears of letters that the server will never take, `delayed(count)` how many wait. */
  constructor(name, {token, refused, delayed}) {
    this.kept = keeper(name);
    this.letters = this.kept.get() ?? [];
    Object.assign(this, {token, refused, delayed, running: null, ended: false});
  }

  get empty() { return this.letters.length === 0; }

  put(path, body) {
    this.letters.push({path, body, token: this.token}); // another person may come to this browser before it is sent
    this.kept.set(this.letters);
    this.send();
  }

  /** Resolves once everything is stored. */
  send() {
    this.running ??= this.#send().finally(() => { this.running = null; });
    return this.running;
  }

  /** Ends, and leaves what others who were at this browser have still to send. */
  stop() {
    this.ended = true;
    this.letters = this.letters.filter((letter) => letter.token !== this.token);
    this.kept.set(this.empty ? null : this.letters);
    this.delayed(0);
  }

  async #send() {
    let failures = 0;
    while (!this.empty && !this.ended) {
      const letter = this.letters[0];
      try {
        await ask(letter.path, {token: letter.token, body: letter.body});
      } catch (error) {
        if (!(error instanceof Refusal)) {
          this.delayed(this.letters.length);
          await Promise.race([wait(PAUSES[Math.min(failures++, PAUSES.length - 1)]), online()]);
          continue;
        }
        this.refused(error, letter);
        if (this.ended) return;
      }
      failures = 0;
      this.letters.shift();
      this.kept.set(this.empty ? null : this.letters);
      this.delayed(0);
    }
  }
}

function online() {
  return new Promise((done) => addEventListener("online", done, {once: true}));
}
