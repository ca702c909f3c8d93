// The quick start as tabs (WAI-ARIA APG, with automatic activation). Without script it is plain sections.
import { all, byId, make } from "./page.js";

export function startTabs() {
  const root = byId("tabs");
  const panels = all(":scope > section", root);
  const list = make("div", "tablist");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Language");
  const tabs = panels.map((panel) => makeTab(panel, list));
  root.prepend(list);
  root.classList.add("tabbed");

  const choose = (at, focus = true) => {
    for (const [other, tab] of tabs.entries()) {
      tab.setAttribute("aria-selected", String(other === at));
      tab.tabIndex = other === at ? 0 : -1;
      panels[other].hidden = other !== at;
    }
    if (focus) tabs[at].focus();
  };
  for (const [at, tab] of tabs.entries()) tab.addEventListener("click", () => choose(at));
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose((next + tabs.length) % tabs.length);
  });
  const named = panels.findIndex(({ id }) => `#${id}` === location.hash);
  choose(Math.max(named, 0), false);
}

function makeTab(panel, list) {
  const title = panel.querySelector("h3");
  const tab = make("button", "", title.textContent);
  tab.type = "button";
  tab.id = `${panel.id}-tab`;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", panel.id);
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", tab.id);
  title.hidden = true;
  list.append(tab);
  return tab;
}
