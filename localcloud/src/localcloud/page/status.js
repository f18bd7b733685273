// How far something is, by word and shape; colour only repeats it.

import { el } from "./dom.js";
import { w } from "./words.js";

const SHAPES = {
  done: "●", delivered: "●", Success: "●", failed: "✕", Failed: "✕", running: "◌", pending: "◌", retrying: "↻",
  "given up": "■", "dead-letter": "■", dropped: "■", "no rule matched": "∅",
};
const KINDS = {
  done: "good", delivered: "good", failed: "bad", "given up": "bad", "dead-letter": "bad", dropped: "bad",
  retrying: "warn", running: "busy", pending: "busy", "no rule matched": "warn",
};

export function badge(state, word = "") {
  // What is still to be mended comes before how it once ended.
  const open = Boolean(word) && ["running", "retrying", "given up"].includes(state);
  const shown = word && !open ? word : w(state);
  return el(
    "span",
    { cls: `badge ${KINDS[state] ?? "plain"}`, title: w(state) },
    el("span", { cls: "shape", "aria-hidden": "true" }, SHAPES[state] ?? "·"),
    el("span", {}, shown),
    open ? el("span", { cls: "dim" }, ` ${word}`) : "",
  );
}
