// What is made to fail, and a form to make more of it.

import { get, post } from "./api.js";
import { el, swap } from "./dom.js";
import { w } from "./words.js";

export function mount(root, _to, { say }) {
  const list = el("section", { "aria-label": w("faults") });
  const names = el("datalist", { id: "targets" });
  const target = el("input", { type: "text", required: true, list: "targets", placeholder: "chat:ops", spellcheck: "false" });
  const times = el("input", { type: "number", min: "1", max: "1000000", value: "1" });
  const error = el("input", { type: "text", spellcheck: "false", placeholder: "130101, 503, TimeoutError, Throttling.User" });
  const delay = el("input", { type: "number", min: "0", max: "86400", step: "0.1", value: "0" });
  const field = (name, input) => el("label", {}, w(name), input);
  root.append(el("h1", {}, w("faults")), list, el("form", { cls: "panel", onsubmit: (e) => { e.preventDefault(); set(target.value.trim(), Number(times.value)); } },
    el("h2", {}, w("make_fail")), el("div", { cls: "grid" }, field("fails", target), field("times", times), field("error", error), field("delay", delay)), names, el("button", {}, w("set"))));

  async function set(name, count) {
    try {
      await post("faults", { target: name, times: count, error: count ? error.value.trim() : "", delay_seconds: count ? Number(delay.value) : 0 });
    } catch (refusal) { say(refusal.message); }
    await refresh();
  }

  async function refresh() {
    const [faults, chats, functions] = await Promise.all([get("faults"), get("chats"), get("functions")]);
    const known = [...Object.keys(chats).map((n) => `chat:${n}`), ...functions.map((f) => `function:${f.name}`), "action:ecs:InvokeCommand", "action:eventbridge-data:PutEvents", "package:"];
    swap(names, known, () => known.map((k) => el("option", { value: k })));
    swap(list, faults, () => (faults.length ? [
      el("ul", { cls: "faults" }, faults.map((f) => el("li", { cls: "line" }, el("span", { cls: "shape warn-text", "aria-hidden": "true" }, "⚡"), el("strong", { cls: "mono" }, f.target),
        el("span", {}, `× ${f.times}`), f.error ? el("span", { cls: "bad-text" }, f.error) : "", f.delay_seconds ? el("span", {}, `+${f.delay_seconds} s`) : "",
        el("button", { type: "button", cls: "small", "data-key": f.target, "aria-label": `${w("clear")} ${f.target}`, onclick: () => set(f.target, 0) }, w("clear"))))),
      faults.length > 1 ? el("button", { type: "button", onclick: async () => { for (const f of faults) await set(f.target, 0); } }, w("clear_all")) : "",
    ] : el("p", { cls: "empty" }, w("no_faults"))));
  }
  return { refresh };
}
