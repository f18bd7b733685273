// Elements are made here and nowhere else: whatever is shown becomes text, never markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "href") setLink(node, String(value));
    else if (name === "value") node.value = value;
    else node.setAttribute(name === "cls" ? "class" : name, value === true ? "" : String(value));
  }
  node.append(...children.flat(9).filter((c) => c !== undefined && c !== null && c !== false && c !== ""));
  return node;
}

// A link leads into the page, or, out of a chat's message, to the web: nothing else is one.
function setLink(node, href) {
  if (href.startsWith("#")) node.setAttribute("href", href);
  else if (/^https?:\/\//i.test(href)) {
    node.setAttribute("href", href);
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  }
}

const shown = new WeakMap();

// Build a part anew only if what it shows has changed; focus, open details and scroll stay.
export function swap(container, data, build) {
  const text = JSON.stringify(data);
  if (shown.get(container) === text) return false;
  shown.set(container, text);
  const active = container.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const toggled = new Map();
  for (const d of container.querySelectorAll("details[data-key]")) toggled.set(d.dataset.key, d.open);
  const scrolls = new Map();
  for (const s of container.querySelectorAll("[data-scroll]")) {
    scrolls.set(s.dataset.scroll, s.scrollTop + s.clientHeight >= s.scrollHeight - 4 ? Infinity : s.scrollTop);
  }
  const built = build(data);
  container.replaceChildren(...(Array.isArray(built) ? built.flat(9).filter(Boolean) : [built]));
  for (const d of container.querySelectorAll("details[data-key]")) {
    if (toggled.has(d.dataset.key)) d.open = toggled.get(d.dataset.key);
  }
  for (const s of container.querySelectorAll("[data-scroll]")) {
    s.scrollTop = Math.min(scrolls.get(s.dataset.scroll) ?? Infinity, s.scrollHeight);
  }
  if (active) container.querySelector(`[data-key="${CSS.escape(active)}"]`)?.focus();
  return true;
}

export const pad = (n) => String(n).padStart(2, "0");

export function time(iso) {
  if (!iso) return "";
  const d = new Date(iso);
  const today = new Date().toDateString() === d.toDateString();
  const day = today ? "" : `${pad(d.getMonth() + 1)}-${pad(d.getDate())} `;
  const text = `${day}${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
  return el("time", { datetime: iso, title: iso, cls: "mono" }, text);
}

export function code(text, cls = "") {
  return el("pre", { cls, tabindex: "0" }, el("code", {}, text));
}

export function json(value) {
  return code(JSON.stringify(value, null, 2), "json");
}
