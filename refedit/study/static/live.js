// The clock and the keys of the live study's page, whose page it is, and what its buttons wait for.
window.live = (() => {
  let began = null, hidden = 0, since = null, first = null, token = "";
  const now = () => performance.now();
  const count = () => {
    if (since !== null) hidden += now() - since;
    since = document.hidden ? now() : null;
  };
  document.addEventListener("visibilitychange", count);
  addEventListener("keydown", (event) => {
    const name = {1: "left", 2: "right", 0: "none"}[event.key];
    if (!name || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (/^(input|textarea)$/i.test(document.activeElement?.tagName ?? "")) return;
    const button = document.getElementById(`live-${name}`);
    if (button?.offsetParent) button.click();
  });
  const heading = () => document.querySelector("#live-question [data-position]");
  const question = () => heading()?.dataset.position ?? "";
  const choices = () => ["left", "none", "right"].map((name) => document.getElementById(`live-${name}`)).filter(Boolean);
  const open = (can) => choices().forEach((button) => (button.disabled = !can));
  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  // The clock is at zero once both results of a new question are painted; no choice is open before the shortest time.
  async function begin() {
    const mine = heading();
    began = first = null;
    open(false);
    await frames();
    const shown = [...document.querySelectorAll("#live-results img")];
    await Promise.all(shown.map((image) => image.decode().catch(() => {})));
    await frames();
    [began, hidden, since] = [now(), 0, document.hidden ? now() : null];
    setTimeout(() => heading() === mine && open(true), Number(mine.dataset.minimum));
  }
  let asked = "";
  new MutationObserver(() => {
    if (question() === asked) return;
    asked = question();
    if (asked) begin();
  }).observe(document.documentElement, {childList: true, subtree: true});
  refedit.onceSettled("#live-run");
  return {
    token() {
      const found = location.hash.match(/^#me=([\w-]+)$/);
      if (found) {
        token = found[1];
        try { sessionStorage.setItem("live-me", token); } catch { /* then a reload begins at the study's page */ }
        history.replaceState(null, "", location.pathname + location.search);
      }
      try { return token || sessionStorage.getItem("live-me") || ""; } catch { return token; }
    },
    told(choice) {
      const position = question() === "" ? -1 : Number(question());
      const ms = began === null ? -1 : Math.round(now() - began);
      first ??= ms;
      count();
      return {choice, position, ms, hidden_ms: Math.round(hidden), first_key_ms: first};
    },
  };
})();
