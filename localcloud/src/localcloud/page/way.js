// The way of one request, as a line of time: events and their deliveries, runs, calls, messages.

import { get, post } from "./api.js";
import { copyable } from "./copy.js";
import { code, el, json, time } from "./dom.js";
import { bubble } from "./message.js";
import { badge } from "./status.js";
import { titleOf, w } from "./words.js";

export function wayOf(id, way, labels, context, refresh) {
  const head = el("h1", { tabindex: "-1", cls: "mono" }, id);
  const close = el("a", { href: "#/requests", cls: "button quiet", "aria-label": w("back") }, `← ${w("back")}`);
  if (way.error) return [el("div", { cls: "bar" }, close), head, el("p", { cls: "notice bad" }, way.error)];
  const steps = [
    ...way.events.map((e) => ({ at: e.at, order: 0, node: () => eventStep(e) })),
    ...way.runs.map((r) => ({ at: r.at, order: 2, node: () => runStep(r) })),
    ...way.calls.map((c) => ({ at: c.at, order: 1, node: () => callStep(c) })),
    ...way.refused.map((r) => ({ at: r.at, order: 2, node: () => step(w("refused"), r.by, r.time, "bad", el("p", { cls: "bad-text reason" }, `${r.code}: ${r.message}`)) })),
    ...way.messages.map((m) => ({ at: m.received_at, order: 3, node: () => step(w("message"), m.chat, m.time, "good", bubble(m)) })),
  ].sort((a, b) => a.at - b.at || a.order - b.order);
  return [
    el("div", { cls: "bar" }, close),
    head,
    el("p", { cls: "facts" }, badge(way.state, way.status), el("span", {}, way.source || way.kind), time(way.began),
      Object.entries(way.labels).filter(([n]) => !labels[n]?.good?.length).map(([n, v]) => el("span", { cls: "chip" }, el("span", { cls: "dim" }, `${titleOf(n, labels[n])} `), v)),
      el("span", { cls: way.chats.length ? "" : "dim" }, `${w("told")}: ${way.chats.join(", ") || w("nobody")}`)),
    way.repeated.map((r) => el("p", { cls: "notice warn" }, `↻ ${r.function} ${w("called_again")}: `, time(r.next_attempt_at), ` (${w("attempt")} ${r.attempt})`)),
    way.letters.map((l) => letterNotice(l, context, refresh)),
    el("ol", { cls: "way" }, steps.map((s) => s.node())),
    el("p", { cls: "dim small" }, w("follow")),
    copyable(`localcloud trace ${id}`),
  ];
}

function step(kind, title, at, tone, ...children) {
  return el("li", { cls: `step ${tone}` },
    el("div", { cls: "step-head" }, el("span", { cls: "kind" }, kind), el("strong", {}, title), time(at)), ...children);
}

function eventStep(event) {
  const matched = event.rules.filter((r) => r.matched);
  const worst = matched.flatMap((r) => r.targets).map((t) => t.state);
  const tone = worst.some((s) => s === "dead-letter" || s === "dropped") ? "bad" : worst.includes("retrying") || !matched.length ? "warn" : "good";
  return step(w("event"), event.source, event.accepted_at, tone,
    el("p", { cls: "dim small mono" }, `${event.type} · ${event.id}`),
    matched.length ? el("ul", { cls: "deliveries" }, matched.flatMap((r) => r.targets.map((t) => delivery(r, t)))) : el("p", { cls: "notice warn" }, w("not_matched_at_all")),
    misses(event.rules),
    el("details", { "data-key": `event-${event.id}-${event.at}` }, el("summary", {}, w("body")), json(event.event)),
    matched.length ? whyNot(event.id) : "");
}

function delivery(rule, target) {
  const many = target.attempts.length > 1 || target.attempts.some((a) => !a.ok);
  return el("li", {},
    el("div", { cls: "line" }, badge(target.state), el("span", {}, rule.rule), el("span", { cls: "dim", "aria-hidden": "true" }, "→"), el("span", {}, target.target),
      !many && target.attempts[0] ? el("span", { cls: "dim small" }, `${Math.round(target.attempts[0].milliseconds)} ms`) : ""),
    many ? el("ol", { cls: "attempts" }, target.attempts.slice(-8).map((a) => el("li", {}, time(a.at), ` ${w("attempt")} ${a.attempt} `,
      el("span", { cls: a.ok ? "" : "bad-text" }, a.status), el("span", { cls: "dim small" }, ` ${Math.round(a.milliseconds)} ms`), el("div", { cls: "reason" }, a.message)))) : "",
    target.next_attempt_at && target.attempts.length ? el("p", { cls: "warn-text" }, `↻ ${w("next_try")} `, time(target.next_attempt_at)) : "");
}

export function misses(rules) {
  const found = rules.filter((r) => !r.matched);
  return found.length ? el("ul", { cls: "misses" }, found.map((r) => el("li", {}, el("strong", {}, r.rule), ` ${w("not_matched")}: `, el("span", { cls: "mono small" }, r.reason)))) : "";
}

function whyNot(id) {
  const place = el("div");
  const button = el("button", { type: "button", cls: "quiet small", onclick: async () => {
    const [trace] = await get("trace", { event_id: id });
    button.replaceWith(misses(trace.rules) || "–");
  } }, w("why"));
  place.append(button);
  return place;
}

function runStep(run) {
  const ok = run.status === "Success";
  const going = ["Pending", "Running", "Scheduled"].includes(run.status);
  return step(w("run"), run.instance, run.started, ok ? "good" : going ? "busy" : "bad",
    el("div", { cls: "line" }, badge(ok ? "done" : going ? "running" : "failed", run.status),
      run.exit === null ? "" : el("span", {}, `${w("exit")} ${run.exit}`),
      run.seconds === null ? "" : el("span", { cls: "dim small" }, `${run.seconds} ${w("seconds")}`), run.error ? el("span", { cls: "bad-text" }, run.error) : ""),
    el("p", { cls: "dim small mono" }, `${run.command} · ${run.invocation}`),
    run.output ? el("details", { "data-key": `run-${run.invocation}-${run.instance}`, open: !ok && !going }, el("summary", {}, w("output")), code(run.output)) : "");
}

function callStep(call) {
  return step(w("call"), call.function, call.time, call.error ? "bad" : "plain",
    el("p", { cls: "small" }, el("span", { cls: "dim" }, `${Math.round(call.milliseconds)} ms `), call.error ? el("span", { cls: "bad-text" }, call.error) : ""),
    call.lines.length ? el("details", { "data-key": `call-${call.request_id}-${call.at}`, open: Boolean(call.error) || call.lines.some(isTrouble) }, el("summary", {}, w("log")), code(call.lines.join("\n"))) : "");
}

// What a program says of its own refusals is what an operator looks for.
const isTrouble = (line) => /"(?:code|errcode)": ?"?(?!0\b)\w|rror|refused|failed/.test(line);

function letterNotice(letter, context, refresh) {
  return el("div", { cls: "notice bad line" }, el("span", { cls: "reason" }, `■ ${w("letter")}: ${letter.place}: ${letter.reason}`), time(letter.since),
    el("span", { cls: "small" }, `${w("lies_in")} ${letter.queue}`), replayButton(letter, context, refresh));
}

export function replayButton(letter, context, refresh) {
  const button = el("button", { type: "button", onclick: async () => {
    button.disabled = true;
    try {
      await post(`letters/${encodeURIComponent(letter.queue)}/${encodeURIComponent(letter.message)}/replay`);
      context.say(`${w("replayed")}: ${letter.event}`);
      await refresh();
    } catch (error) {
      context.say(error.message);
      button.disabled = false;
    }
  } }, w("replay"));
  return button;
}
