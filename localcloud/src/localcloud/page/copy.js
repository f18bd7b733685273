// A line to take into a terminal.

import { el } from "./dom.js";
import { w } from "./words.js";

export function copyable(text) {
  const field = el("code", { cls: "mono" }, text);
  const button = el("button", { type: "button", cls: "quiet small", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = w("copied");
    } catch {
      getSelection().selectAllChildren(field);
    }
    setTimeout(() => { button.textContent = w("copy"); }, 1500);
  } }, w("copy"));
  return el("div", { cls: "copyable" }, field, button);
}
