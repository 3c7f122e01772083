// Every new editor is handed to `window.editor`, which would keep the last one only: here all that are on the page are
// kept, for keys.js. Runs before the page is made. Gradio does not promise it: without it nothing is undone by strokes.
window.editors = [];
Object.defineProperty(window, "editor", {
  get: () => window.editors.at(-1),
  set: (editor) => (window.editors = [...window.editors.filter((one) => one.target_element?.isConnected), editor]),
});
