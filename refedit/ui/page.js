// Keys of the page. Its buttons are clicked, so that a key does what a hand would, and nothing else.
() => {
  const TEXT = "textarea, select, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=range], [type=file])";
  const press = (...ids) => {
    const button = ids.map((id) => document.getElementById(id)).find((found) => found && !found.disabled);
    button?.click();
    return Boolean(button);
  };

  // While O is held, the source is seen in the result's place.
  let kept = null;
  const lookBack = () => {
    const result = document.querySelector("#result img");
    const before = document.querySelector("#before img");
    if (kept || !result || !before) return;
    kept = { result, source: result.src };
    result.src = before.src;
    document.getElementById("result").dataset.held = "";
  };
  const lookAgain = () => {
    if (!kept) return;
    kept.result.src = kept.source;
    delete document.getElementById("result")?.dataset.held;
    kept = null;
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      if (press("run")) event.preventDefault();
    } else if (event.key === "Escape" && !document.fullscreenElement) {
      press("stop");
    } else if (event.key.toLowerCase() === "o" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (!event.target.matches?.(TEXT)) lookBack();
    }
  });
  document.addEventListener("keyup", (event) => event.key.toLowerCase() === "o" && lookAgain());
  window.addEventListener("blur", lookAgain);
}
