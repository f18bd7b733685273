// The chats side by side, each as its platform shows it.

import { get } from "./api.js";
import { el, swap } from "./dom.js";
import { bubble } from "./message.js";
import { w } from "./words.js";

const MOST = 30;

export function mount(root, to) {
  const columns = el("div", { cls: "chat-columns" });
  root.append(el("h1", {}, w("chats")), columns);
  async function refresh() {
    const chats = await get("chats");
    const names = Object.keys(chats).filter((n) => !to.id || n === to.id);
    const messages = await Promise.all(names.map((n) => get(`chats/${encodeURIComponent(n)}/messages`, { limit: MOST })));
    const data = names.map((n, i) => [n, { ...chats[n], webhook: undefined }, messages[i]]);
    swap(columns, data, () => (data.length ? data.map(column) : el("p", { cls: "empty" }, w("no_chats"))));
  }
  return { refresh };
}

function column([name, chat, messages]) {
  return el("section", { cls: `chat ${chat.platform}`, "aria-label": `${w("message")} ${name}` },
    el("header", {}, el("strong", {}, name), el("span", { cls: "chip" }, chat.platform),
      el("span", { cls: "dim small" }, `${chat.in_60_seconds} ${chat.limit === null ? "" : `${w("of")} ${chat.limit} `}${w("in_60")}`),
      chat.closed_seconds ? el("span", { cls: "warn-text small" }, `${w("closed")} ${Math.ceil(chat.closed_seconds)} s`) : ""),
    el("div", { cls: "messages", "data-scroll": name, tabindex: "0", role: "log", "aria-label": name },
      messages.length ? messages.map((m) => bubble(m, false)) : el("p", { cls: "dim" }, w("no_messages"))));
}
