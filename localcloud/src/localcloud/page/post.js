// A form that posts an event to a source, and the same as lines for a terminal.

import { get, post } from "./api.js";
import { copyable } from "./copy.js";
import { el, swap } from "./dom.js";
import { linkTo } from "./requests.js";
import { w } from "./words.js";

export function mount(root, to, { say }) {
  const source = el("select", { onchange: () => prefill() });
  const body = el("textarea", { rows: "12", spellcheck: "false", oninput: () => lines() });
  const same = el("div");
  const answer = el("p", { role: "status" });
  let examples = {};
  root.append(el("h1", {}, w("post")), el("p", { cls: "dim" }, w("post_hint")),
    el("form", { cls: "panel", onsubmit: (e) => { e.preventDefault(); send(); } },
      el("label", {}, w("source"), source), el("label", {}, w("body_label"), body), el("button", { cls: "primary" }, w("send")), answer), same);

  function prefill() {
    body.value = JSON.stringify(examples[source.value] ?? { hello: "world" }, null, 2);
    lines();
  }

  function lines() {
    const text = oneLine(body.value);
    const quoted = `'${text.replaceAll("'", "'\\''")}'`;
    const sent = `'${JSON.stringify({ body: body.value.trim() === "" ? "" : parsed(body.value) ?? body.value }).replaceAll("'", "'\\''")}'`;
    same.replaceChildren(
      el("p", { cls: "dim small" }, w("as_curl")), copyable(`curl -H 'Content-Type: application/json' -d ${sent} ${location.origin}/_localcloud/sources/${encodeURIComponent(source.value)}/events`),
      el("p", { cls: "dim small" }, w("as_command")), copyable(`localcloud post ${source.value} ${quoted}`));
  }

  async function send() {
    if (parsed(body.value) === undefined) { answer.replaceChildren(el("span", { cls: "bad-text" }, w("not_json"))); return; }
    try {
      const done = await post(`sources/${encodeURIComponent(source.value)}/events`, { body: body.value });
      answer.replaceChildren(`${w("posted")}: `, el("a", { href: linkTo(done.event), cls: "mono" }, done.event), ` — ${w("open_request")}`);
    } catch (error) { say(error.message); answer.replaceChildren(el("span", { cls: "bad-text" }, error.message)); }
  }

  async function refresh() {
    const [found, given] = await Promise.all([get("sources"), get("examples")]);
    const open = found.filter((s) => s.takes_posts).map((s) => s.name);
    examples = given;
    if (swap(source, open, () => open.map((n) => el("option", { value: n, selected: n === to.id }, n)))) prefill();
    if (!open.length) answer.textContent = w("no_sources");
    else if (answer.textContent === w("no_sources")) answer.textContent = "";
  }
  return { refresh };
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return undefined; }
}

function oneLine(text) {
  const value = parsed(text);
  return value === undefined ? text : JSON.stringify(value);
}
