// Functions, and the log of one.

import { get } from "./api.js";
import { el, swap, time } from "./dom.js";
import { w } from "./words.js";

export function mount(root, to) {
  let name = to.id;
  const list = el("nav", { cls: "side", "aria-label": w("functions") });
  const log = el("section", { cls: "log", "aria-label": w("log") });
  root.append(el("h1", {}, w("functions")), el("div", { cls: "sided" }, list, log));
  async function refresh() {
    const wanted = name;
    const found = await get("functions");
    if (wanted !== name) return;
    swap(list, [found, name], () => (found.length ? el("ul", {}, found.map((f) => el("li", {},
      el("a", { href: `#/functions/${encodeURIComponent(f.name)}`, cls: "row-link", "data-key": f.name, "aria-current": f.name === name ? "page" : null }, f.name),
      el("div", { cls: "dim small" }, `${f.runtime} · ${f.memory} MB · ${f.timeout} s`, f.description ? el("div", {}, f.description) : "")))) : el("p", { cls: "empty" }, w("no_functions"))));
    if (!name) { swap(log, "", () => el("p", { cls: "dim" }, w("choose_function"))); return; }
    const lines = await get(`logs/${encodeURIComponent(name)}`, { limit: 300 });
    if (wanted !== name) return;
    swap(log, [name, lines], () => [el("h2", { cls: "mono" }, name), lines.length ? el("ol", { cls: "lines", "data-scroll": name, tabindex: "0" },
      lines.map((l) => el("li", {}, time(l.time), el("span", { cls: "mono small" }, ` ${l.line}`)))) : el("p", { cls: "dim" }, w("no_log"))]);
  }
  return { refresh, go: async (next) => { name = next.id; await refresh(); }, back: () => { location.hash = "#/functions"; } };
}
