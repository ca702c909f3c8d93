// Makes elements. Text goes in as text only, never as markup.

export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== ""));
  return element;
}

// The description's texts are Markdown with no more in it than `code`.
export function prose(tag, text, attributes) {
  const element = make(tag, attributes);
  (text || "").split("`").forEach((part, i) => element.append(i % 2 ? make("code", {}, part) : part));
  return element;
}

let count = 0;
export function fresh(prefix) {
  count += 1;
  return prefix + "-" + count;
}

// A button that copies what `text` returns, and says so for a moment.
export function copier(what, text) {
  const word = make("span", {}, "Copy");
  const button = make("button", { type: "button", class: "copy" }, word, make("span", { class: "unseen" }, " " + what));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      word.textContent = "Copied";
    } catch {
      word.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { word.textContent = "Copy"; }, 1600);
  });
  return button;
}
