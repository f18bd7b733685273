// A row for each request, and beside it the way of the one that is open.

import { get } from "./api.js";
import { el, swap, time } from "./dom.js";
import { badge } from "./status.js";
import { wayOf } from "./way.js";
import { titleOf, w } from "./words.js";

const PAGE = 50;
const STATES = ["", "attention", "running", "retrying", "given up", "failed", "no rule matched"];
let labels = {};

export function know(found) { labels = found; }

export const linkTo = (id) => `#/requests/${encodeURIComponent(id)}`;

export function mount(root, to, context) {
  let open = to.id;
  let before = 0;
  const back = [];
  const search = el("input", {
    type: "search", placeholder: w("search"), "aria-label": w("search"), value: to.query.get("find") ?? "",
    oninput: () => { before = 0; back.length = 0; clearTimeout(search.timer); search.timer = setTimeout(context.again, 120); },
  });
  const filter = el(
    "select", { "aria-label": w("filter"), onchange: () => { before = 0; back.length = 0; context.again(); } },
    STATES.map((s) => el("option", { value: s, selected: s === (to.query.get("state") ?? "") }, s ? w(s) : w("all"))),
  );
  const list = el("div", { cls: "list" });
  const pages = el("div", { cls: "pages" });
  const detail = el("aside", { cls: "detail", "aria-label": w("way") });
  root.append(
    el("div", { cls: "split" },
      el("section", { cls: "column", "aria-label": w("requests") },
        el("div", { cls: "bar" }, search, filter, el("a", { href: "#/post", cls: "button" }, w("post"))), list, pages),
      detail),
  );

  async function refresh() {
    const wanted = open;
    const query = { limit: PAGE, before: before || "", find: search.value.trim(), state: filter.value };
    const [found, way] = await Promise.all([get("requests", query), wanted ? look(wanted) : null]);
    // Somebody went on while this was under way: the look that they asked for is the one that counts.
    if (wanted !== open) return;
    const narrowed = Boolean(query.find || query.state);
    swap(list, [found.rows, open, narrowed], ([rows]) => table(rows, open, narrowed));
    swap(pages, [before, found.next], () => [
      before ? el("button", { type: "button", onclick: () => { before = back.pop() ?? 0; context.again(); } }, w("newest")) : "",
      found.next ? el("button", { type: "button", onclick: () => { back.push(before); before = found.next; context.again(); } }, w("older")) : "",
    ]);
    root.firstChild.classList.toggle("has-detail", Boolean(open));
    if (open) swap(detail, [open, way], () => wayOf(open, way, labels, context, refresh));
    else detail.replaceChildren();
  }

  return {
    refresh,
    go: async (next) => {
      open = next.id;
      // An address that says what is looked for says all of it; the others leave it as it is.
      if (next.query.size) {
        search.value = next.query.get("find") ?? "";
        filter.value = next.query.get("state") ?? "";
        before = 0;
        back.length = 0;
      }
      await refresh();
      // Whoever went on to type while this was under way is not interrupted.
      if (document.activeElement.closest("input, select")) return;
      if (open) detail.querySelector("h1")?.focus();
      else list.querySelector("a.row-link")?.focus();
    },
    back: () => { if (open) location.hash = "#/requests"; },
  };
}

async function look(id) {
  try {
    return await get(`requests/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return { error: error.message };
  }
}

function table(rows, open, narrowed) {
  if (!rows.length) {
    return el("div", { cls: "empty" }, el("p", {}, narrowed ? w("none_found") : w("no_requests")),
      narrowed ? "" : el("p", { cls: "dim" }, w("no_requests_hint")));
  }
  const names = Object.keys(labels).filter((n) => !labels[n].good.length && labels[n].joins !== "requests");
  return el("table", { cls: "rows requests" },
    el("thead", {}, el("tr", {}, [w("status"), w("time"), w("request"), ...names.map((n) => titleOf(n, labels[n])), w("source"), w("where"), w("told")]
      .map((h) => el("th", { scope: "col" }, h)))),
    el("tbody", {}, rows.map((row) => line(row, names, row.id === open))));
}

function line(row, names, isOpen) {
  const cell = (title, cls, ...children) => el("td", { "data-title": title, cls, title: children.flat(9).filter((c) => typeof c === "string").join("") || null }, ...children);
  return el("tr", { cls: isOpen ? "open" : "", "data-number": row.number, onclick: (e) => { if (!e.target.closest("a")) location.hash = linkTo(row.id); } },
    cell(w("status"), "", badge(row.state, row.status)),
    cell(w("time"), "", time(row.began)),
    cell(w("request"), "name", el("a", { href: linkTo(row.id), cls: "row-link mono", "data-key": `row-${row.number}`, "aria-current": isOpen ? "true" : null, title: row.id }, row.id)),
    names.map((n) => cell(titleOf(n, labels[n]), "", Object.hasOwn(row.labels, n) ? row.labels[n] : "")),
    cell(w("source"), "dim", row.source || row.kind),
    cell(w("where"), "mono small", row.instances.slice(0, 3).join(" "), row.instances.length > 3 ? ` +${row.instances.length - 3}` : ""),
    cell(w("told"), row.chats.length ? "" : "dim", row.chats.join(", ") || w("nobody")));
}
