// Rules with their patterns; why an event did not match; a box to try a pattern.

import { get, post } from "./api.js";
import { code, el, swap } from "./dom.js";
import { badge } from "./status.js";
import { misses } from "./way.js";
import { w } from "./words.js";

export function mount(root, to, { say }) {
  const list = el("div", { cls: "cards" });
  const answer = el("div", { role: "status" });
  const id = el("input", { type: "text", name: "event", required: true, "aria-label": w("event_id"), placeholder: w("event_id"), value: to.query.get("event") ?? "" });
  const why = el("form", { cls: "panel", onsubmit: (e) => { e.preventDefault(); explain(); } },
    el("h2", {}, w("why_title")), el("div", { cls: "bar" }, id, el("button", {}, w("ask"))), answer);
  const pattern = el("textarea", { rows: "6", spellcheck: "false", "aria-label": w("pattern") });
  pattern.value = '{"source": ["dingtalk.approval"]}';
  const event = el("textarea", { rows: "6", spellcheck: "false", "aria-label": w("event_or_id"), placeholder: w("event_or_id") });
  const verdict = el("div", { role: "status" });
  const trial = el("form", { cls: "panel", onsubmit: (e) => { e.preventDefault(); attempt(); } },
    el("h2", {}, w("try_title")), el("label", {}, w("pattern"), pattern), el("label", {}, w("event_or_id"), event), el("button", {}, w("try")), verdict);
  root.append(el("h1", {}, w("rules")), el("div", { cls: "two" }, why, trial), list);

  async function explain() {
    try {
      const [trace] = await get("trace", { event_id: id.value.trim() });
      const matched = trace.rules.filter((r) => r.matched);
      answer.replaceChildren(...[matched.map((r) => el("p", {}, badge("done", w("matches")), ` ${r.rule}`)), misses(trace.rules)].flat().filter(Boolean));
    } catch (error) { answer.replaceChildren(el("p", { cls: "bad-text" }, error.message)); }
  }

  async function attempt() {
    try {
      const found = await post("patterns", { pattern: pattern.value, event: event.value.trim() });
      verdict.replaceChildren(el("p", {}, badge(found.matched ? "done" : "failed", found.matched ? w("matches") : w("not_matched")), el("span", { cls: "mono small" }, ` ${found.reason}`)));
    } catch (error) { verdict.replaceChildren(el("p", { cls: "bad-text" }, error.message)); }
  }

  async function refresh() {
    const rules = await get("rules");
    swap(list, rules, () => (rules.length ? rules.map((r) => rule(r, pattern)) : el("p", { cls: "empty" }, w("no_rules"))));
  }

  if (id.value) explain().catch((error) => say(error.message));
  return { refresh };
}

function rule(found, pattern) {
  return el("section", { cls: "panel", "aria-label": found.name },
    el("header", { cls: "line" }, el("h2", {}, found.name), el("span", { cls: "dim" }, found.bus), found.enabled ? "" : badge("failed", w("disabled"))),
    found.description ? el("p", { cls: "dim" }, found.description) : "",
    code(pretty(found.pattern)),
    el("ul", { cls: "deliveries" }, found.targets.map((t) => el("li", {}, el("span", { cls: "dim" }, "→ "), t.id, el("span", { cls: "dim small mono" }, ` ${t.type} ${t.endpoint.split("/").pop()} · ${t.retry}${t.dead_letter_queue ? ` · ${w("dead_queue")} ${t.dead_letter_queue}` : ""}`)))),
    el("button", { type: "button", cls: "quiet small", onclick: () => { pattern.value = pretty(found.pattern); pattern.focus(); } }, w("try")));
}

function pretty(text) {
  try { return written(JSON.parse(text), ""); } catch { return text; }
}

// As people write a pattern: what fits into a line stands in one.
function written(value, indent) {
  const short = JSON.stringify(value);
  if (value === null || typeof value !== "object" || short.length + indent.length < 56) return short.replace(/([,:])(?=["[{\d])/g, "$1 ");
  const deeper = `${indent}  `;
  const parts = Array.isArray(value) ? value.map((v) => written(v, deeper)) : Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${written(v, deeper)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${parts.map((p) => deeper + p).join(",\n")}\n${indent}${close}`;
}
