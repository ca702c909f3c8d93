/** Building the page: elements and texts, never markup from a string. */

/** Finds an element that the template has. */
export function find<E extends HTMLElement>(id: string, kind: new () => E): E {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${id}`);
  return element;
}

/** Makes an element of a class with children; a text becomes a text node. */
export function make(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Makes a sign that is not read out. */
export function mark(sign: string): HTMLElement {
  const element = make("span", "mark", sign);
  element.setAttribute("aria-hidden", "true");
  return element;
}

/** Makes a list of names and values. */
export function pairs(className: string, entries: [name: string, value: string][]): HTMLElement {
  const rows = entries.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value)));
  return make("dl", className, ...rows);
}
