// The clock and the keys of the live study's page, and whose page it is.
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
    // The clock is at zero once both results are painted.
    begin() {
      began = null;
      const shown = [...document.querySelectorAll("#live-results img")];
      Promise.all(shown.map((image) => image.decode().catch(() => {}))).then(() => requestAnimationFrame(() => {
        [began, hidden, first, since] = [now(), 0, null, document.hidden ? now() : null];
      }));
    },
    told(choice) {
      const position = Number(document.querySelector("#live-question [data-position]")?.dataset.position ?? -1);
      const ms = began === null ? -1 : Math.round(now() - began);
      first ??= ms;
      count();
      return {choice, position, ms, hidden_ms: Math.round(hidden), first_key_ms: first};
    },
  };
})();
