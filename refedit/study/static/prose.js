// A Markdown text as elements, so that nothing in it can run.

/** Paragraphs, headings, lists, **bold** and links of a Markdown text, as elements. */
export function rendered(text) {
  const all = document.createDocumentFragment();
  for (const block of text.split(/\n\s*\n/)) {
    const heading = block.match(/^#+\s+(.*)$/s);
    const items = block.split("\n").filter((line) => /^[-*]\s/.test(line)).length;
    const element = document.createElement(heading ? "h2" : items ? "ul" : "p");
    if (items) {
      for (const item of block.split(/^[-*]\s+/m).filter((part) => part.trim())) {
        element.append(spelled(document.createElement("li"), item));
      }
    } else spelled(element, heading ? heading[1] : block);
    all.append(element);
  }
  return all;
}

function spelled(element, text) {
  for (const part of text.replace(/\s+/g, " ").split(/(\*\*.+?\*\*|\[[^\]]+\]\((?:https?:|mailto:)[^)]+\))/)) {
    const link = part.match(/^\[(.+)\]\((.+)\)$/);
    if (link) {
      const anchor = document.createElement("a");
      Object.assign(anchor, {textContent: link[1], href: link[2], target: "_blank", rel: "noopener noreferrer"});
      element.append(anchor);
    } else if (part.startsWith("**")) {
      const strong = document.createElement("strong");
      strong.textContent = part.slice(2, -2);
      element.append(strong);
    } else element.append(part);
  }
  return element;
}
