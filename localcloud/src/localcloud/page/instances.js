// Instances with the accounts on them, as their own files tell.

import { get } from "./api.js";
import { code, el, swap } from "./dom.js";
import { badge } from "./status.js";
import { w } from "./words.js";

export function mount(root) {
  const place = el("div", { cls: "cards" });
  root.append(el("h1", {}, w("instances")), place);
  async function refresh() {
    const found = await get("instances");
    const accounts = await Promise.all(found.map((i) => get(`instances/${encodeURIComponent(i.instance_id)}/accounts`).catch(() => [])));
    swap(place, [found, accounts], () => found.map((i, n) => instance(i, accounts[n])));
  }
  return { refresh };
}

function instance(found, accounts) {
  return el("section", { cls: "panel", "aria-label": found.instance_id },
    el("header", { cls: "line" }, el("h2", {}, found.name), el("span", { cls: "mono dim" }, found.instance_id), badge(found.status === "Running" ? "done" : "failed", found.status),
      Object.entries(found.tags).map(([k, v]) => el("span", { cls: "chip" }, `${k}=${v}`)), found.running ? el("span", { cls: "busy-text" }, `◌ ${found.running} ${w("runs_now")}`) : ""),
    accounts.length ? el("ul", { cls: "accounts" }, accounts.map((a) => el("li", {},
      el("details", { "data-key": `${found.instance_id}-${a.account}` },
        el("summary", {}, el("strong", { cls: "mono" }, a.account), " ", el("span", { cls: "dim" }, a.comment), " ", badge(a.expired ? "failed" : "done", a.expired ? w("expired") : a.expires || w("no_end"))),
        el("dl", {}, el("dt", {}, w("groups")), el("dd", { cls: "mono" }, a.groups.join(" ")), el("dt", {}, w("shell")), el("dd", { cls: "mono" }, a.shell)),
        a.files.map((f) => [el("p", { cls: "dim small mono" }, f.path), code(f.content)]))))) : el("p", { cls: "dim" }, w("no_accounts")));
}
