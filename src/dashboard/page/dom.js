// Elements are made of text nodes only: whatever a job prints or a person types stays text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * h("a", { href: "#/", class: "x" }, "text", node, [more], null). Attributes only; null and false are left out.
 * Behaviour is by data-action, so that morph need not carry listeners.
 */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Makes the children of `parent` equal to `wanted`, and keeps what is the same: focus, scroll, open details, typed text. */
export function morph(parent, wanted) {
  const next = wanted.flat(3).filter(Boolean);
  const kept = new Map();
  for (const child of parent.children) if (child.dataset?.key) kept.set(child.dataset.key, child);
  let at = parent.firstChild;
  for (const want of next) {
    const key = want.dataset?.key;
    const have = key ? kept.get(key) : at && !at.dataset?.key && alike(at, want) ? at : undefined;
    if (have && alike(have, want)) {
      if (have === at) at = at.nextSibling;
      else parent.insertBefore(have, at);
      update(have, want);
    } else {
      parent.insertBefore(want, at);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function alike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName;
}

/** What a person changes by hand, and a new picture must not change back. */
const OWN = new Set(["open"]);

function update(have, want) {
  if (have.nodeType === Node.TEXT_NODE) {
    if (have.data !== want.data) have.data = want.data;
    return;
  }
  if (have.dataset?.still !== undefined) return;
  for (const { name } of [...have.attributes]) {
    if (!want.hasAttribute(name) && !OWN.has(name)) have.removeAttribute(name);
  }
  for (const { name, value } of want.attributes) {
    if (!OWN.has(name) && have.getAttribute(name) !== value) have.setAttribute(name, value);
  }
  morph(have, [...want.childNodes]);
}
