// A chat's message as its platform shows it: DingTalk and WeCom markdown, Lark cards.

import { el, time } from "./dom.js";

export function bubble(message, names = true) {
  return el("article", { cls: `bubble ${message.platform}`, "data-colour": message.colour || null },
    el("header", { cls: "dim small" }, names ? `${message.chat} · ` : "", time(message.time)), el("div", { cls: "said-text" }, content(message)));
}

function content({ platform, body, text }) {
  const kind = body.msgtype ?? body.msg_type;
  const part = object(body[kind]);
  if (platform === "lark") {
    if (kind === "interactive") return card(object(body.card));
    return paragraphs(text);
  }
  if (kind === "markdown") return markdown(part.text ?? part.content ?? "");
  if (kind === "actionCard") {
    const buttons = [...list(part.btns), ...(part.singleTitle ? [{ title: part.singleTitle, actionURL: part.singleURL }] : [])];
    return [markdown(part.text ?? ""), buttons.map((b) => el("a", { cls: "button", href: b.actionURL ?? "" }, str(b.title)))];
  }
  return paragraphs(text);
}

function card(found) {
  const header = object(found.header);
  const tags = list(header.text_tag_list).map((t) => el("span", { cls: "chip" }, str(object(object(t).text).content)));
  return el("div", { cls: `card ${/^[a-z]+$/.test(header.template ?? "") ? header.template : ""}` },
    header.title ? el("div", { cls: "card-title" }, str(object(header.title).content), tags) : "",
    el("div", { cls: "card-body" }, elements(object(found.body).elements ?? found.elements)));
}

function elements(found) {
  return list(found).map((e) => {
    const one = object(e);
    switch (one.tag) {
      case "div":
        return [one.text ? text(one.text) : "", one.fields ? el("div", { cls: "fields" }, list(one.fields).map((f) => el("div", { cls: object(f).is_short ? "short" : "" }, text(object(f).text)))) : ""];
      case "markdown": case "lark_md": case "plain_text":
        return text(one);
      case "hr":
        return el("hr");
      case "note":
        return el("div", { cls: "dim small" }, elements(one.elements));
      case "button":
        return el("a", { cls: "button", href: one.url ?? object(list(one.behaviors)[0]).default_url ?? "" }, str(object(one.text).content));
      default:
        return [...elements(one.elements), ...elements(one.actions), ...elements(one.columns)];
    }
  });
}

function text(found) {
  const one = object(found);
  return one.tag === "plain_text" ? paragraphs(str(one.content)) : markdown(str(one.content));
}

export function markdown(source) {
  const blocks = [];
  let items = null;
  let quote = null;
  for (const line of str(source).split("\n")) {
    const item = /^\s*(?:[-*]|\d+\.)\s+(.*)$/.exec(line);
    const quoted = /^>\s?(.*)$/.exec(line);
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (item) { if (!items) blocks.push((items = el("ul"))); items.append(el("li", {}, inline(item[1]))); } else items = null;
    if (quoted) { if (!quote) blocks.push((quote = el("blockquote"))); quote.append(el("div", {}, inline(quoted[1]) ?? "")); } else quote = null;
    if (item || quoted) continue;
    if (heading) blocks.push(el("p", { cls: `heading h${heading[1].length}` }, inline(heading[2])));
    else if (/^\s*-{3,}\s*$/.test(line)) blocks.push(el("hr"));
    else if (line.trim()) blocks.push(el("p", {}, inline(line)));
  }
  return blocks;
}

const MARKS = /\\([\\`*_{}[\]()#+.!>|~-])|\*\*(?=\S)(.+?)\*\*|`([^`]+)`|!?\[([^\]]*)\]\(([^)\s]*)\)|<font color=["']?(\w+)["']?>(.*?)<\/font>|<at [^>]*>(.*?)<\/at>/g;

function inline(line) {
  const parts = [];
  let end = 0;
  for (const m of line.matchAll(MARKS)) {
    parts.push(line.slice(end, m.index));
    end = m.index + m[0].length;
    if (m[1] !== undefined) parts.push(m[1]);
    else if (m[2] !== undefined) parts.push(el("strong", {}, inline(m[2])));
    else if (m[3] !== undefined) parts.push(el("code", {}, m[3]));
    else if (m[4] !== undefined) parts.push(el("a", { href: m[5] }, inline(m[4])));
    else if (m[6] !== undefined) parts.push(el("span", { cls: `font ${m[6]}` }, inline(m[7])));
    else parts.push(`@${m[8] ?? ""}`);
  }
  parts.push(line.slice(end));
  return parts;
}

const paragraphs = (found) => str(found).split("\n").map((line) => el("div", {}, line || "\u00a0"));
const object = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
const list = (value) => (Array.isArray(value) ? value : []);
const str = (value) => (typeof value === "string" ? value : "");
