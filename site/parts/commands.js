// Puts this node's address into the commands, and copies them.
import { all, byId } from "./page.js";

const local = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);

export function startCommands() {
  const curl = local && location.protocol === "https:" ? "curl -k" : "curl";
  for (const code of all(".code code")) {
    // The address goes in last: a host name may hold any of these words.
    let text = code.textContent.replaceAll(/^curl/gm, curl);
    if (!local) text = text.replaceAll("X-API-Key: demo", "X-API-Key: YOUR_KEY").replaceAll('"demo"', '"YOUR_KEY"');
    code.textContent = text.replaceAll("http://127.0.0.1:8082", location.origin);
  }
  if (!local) byId("key-note").textContent = "Put the key that the operator gave you in place of YOUR_KEY.";
  for (const button of all(".copy")) {
    button.addEventListener("click", () => copy(byId(button.dataset.copy), button.firstElementChild));
  }
}

// Copies an element's text, and says so on the label for a moment.
export async function copy(source, label, text = source.textContent) {
  const before = label.textContent;
  let done = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard over plain HTTP: select the text, so that one key press copies it.
    getSelection().selectAllChildren(source);
    done = "Selected";
  }
  if (label.dataset.saying) return;
  label.dataset.saying = "1";
  label.textContent = byId("copied").textContent = done;
  setTimeout(() => {
    delete label.dataset.saying;
    label.textContent = before;
    byId("copied").textContent = "";
  }, 1600);
}
