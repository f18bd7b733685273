// What was given up, why, and the queues.

import { get } from "./api.js";
import { el, swap, time } from "./dom.js";
import { linkTo } from "./requests.js";
import { replayButton } from "./way.js";
import { w } from "./words.js";

export function mount(root, _to, context) {
  const list = el("section", { "aria-label": w("letters") });
  const queues = el("section", { "aria-label": w("queues") });
  root.append(el("h1", {}, w("letters")), list, el("h2", {}, w("queues")), queues);

  async function refresh() {
    const [letters, counts] = await Promise.all([get("letters", { limit: 200 }), get("queues")]);
    swap(list, letters, () => (letters.length ? [all(letters), table(letters)] : el("p", { cls: "empty" }, w("no_letters"))));
    swap(queues, counts, () => el("table", { cls: "rows" },
      el("thead", {}, el("tr", {}, ["queue", "active", "inactive", "delayed"].map((h) => el("th", { scope: "col" }, w(h))))),
      el("tbody", {}, Object.entries(counts).map(([name, c]) => el("tr", {}, el("td", { cls: "mono", "data-title": w("queue") }, name), ["active", "inactive", "delayed"].map((k) => el("td", { "data-title": w(k) }, String(c[k]))))))));
  }

  function all(letters) {
    return letters.length < 2 ? "" : el("div", { cls: "bar" }, el("button", { type: "button", onclick: async () => {
      for (const button of [...list.querySelectorAll("td button")]) button.click();
    } }, `${w("replay_all")} (${letters.length})`));
  }

  function table(letters) {
    return el("table", { cls: "rows" },
      el("thead", {}, el("tr", {}, ["since", "request", "letter", "reason", "queue", "replay"].map((h) => el("th", { scope: "col" }, w(h))))),
      el("tbody", {}, letters.map((l) => el("tr", {},
        el("td", { "data-title": w("since") }, time(l.since)),
        el("td", { "data-title": w("request") }, l.request ? el("a", { href: linkTo(l.request), cls: "mono row-link", "data-key": l.message }, l.request) : el("span", { cls: "mono" }, l.event),
          el("span", { cls: "dim small" }, ` ${Object.values(l.labels).join(" ")}`)),
        el("td", { "data-title": w("letter") }, l.place),
        el("td", { "data-title": w("reason"), cls: "bad-text reason" }, l.reason),
        el("td", { "data-title": w("queue"), cls: "dim small mono" }, l.queue),
        el("td", {}, replayButton(l, context, refresh))))));
  }

  return { refresh };
}
