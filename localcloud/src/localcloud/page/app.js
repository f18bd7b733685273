// Chooses the view by the address, keeps it up to date, and handles keys.

import { follow, get } from "./api.js";
import { el } from "./dom.js";
import { language, remember, speak, theme, w } from "./words.js";
import * as chats from "./chats.js";
import * as faults from "./faults.js";
import * as functions from "./functions.js";
import * as instances from "./instances.js";
import * as letters from "./letters.js";
import * as post from "./post.js";
import * as requests from "./requests.js";
import * as rules from "./rules.js";

const VIEWS = { requests, letters, chats, instances, rules, functions, faults, post };
const at = (id) => document.getElementById(id);
const main = at("main");
let view = { refresh: async () => {} };
let mounted = "";
let busy = false;
let again = false;

function route() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/");
  return {
    name: Object.hasOwn(VIEWS, name) ? name : "requests",
    id: rest.map(decoded).join("/"),
    query: new URLSearchParams(search),
  };
}

// Whoever wrote the address may not have known how.
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function say(text) {
  at("said").textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { at("said").textContent = ""; }, 6000);
}

async function show() {
  const to = route();
  for (const a of at("nav").querySelectorAll("a")) {
    if (a.dataset.view === to.name) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  document.title = `${to.id || w(to.name)} · localcloud`;
  // Within a view only what depends on the address changes.
  if (mounted === to.name && view.go) await guarded(() => view.go(to));
  else {
    mounted = to.name;
    main.replaceChildren();
    main.className = `view ${to.name}`;
    view = VIEWS[to.name].mount(main, to, { say, again: changed });
    await guarded(view.refresh);
  }
}

async function guarded(work) {
  try {
    await work();
    live(true);
  } catch (error) {
    if (error instanceof TypeError) live(false);
    else say(error.message);
  }
}

// While one look is under way, further changes are one more look afterwards.
async function changed() {
  if (busy) { again = true; return; }
  busy = true;
  do {
    again = false;
    await guarded(view.refresh);
    if (again) await new Promise((done) => setTimeout(done, 60));
  } while (again);
  busy = false;
}

function live(is) {
  const node = at("live");
  node.className = is ? "live" : "live away";
  const text = is ? w("live") : w("away");
  if (node.textContent !== text) node.textContent = text;
}

function frame() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  if (theme() === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme();
  at("skip").textContent = w("skip");
  at("nav").setAttribute("aria-label", w("nav"));
  at("nav").replaceChildren(
    ...Object.keys(VIEWS).map((name) => el("a", { href: `#/${name}`, "data-view": name }, w(name))),
  );
  at("language").textContent = w("language");
  at("language").setAttribute("aria-label", w("language_name"));
  at("theme").textContent = { auto: "◐", light: "○", dark: "●" }[theme()];
  at("theme").setAttribute("aria-label", w(`theme_${theme()}`));
  at("theme").title = w(`theme_${theme()}`);
  at("footer").textContent = w("keys");
  live(true);
}

at("skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
at("language").addEventListener("click", () => { speak(language === "zh" ? "en" : "zh"); frame(); mounted = ""; show(); });
at("theme").addEventListener("click", () => {
  remember("theme", { auto: "light", light: "dark", dark: "auto" }[theme()]);
  frame();
});
window.addEventListener("hashchange", show);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape") { if (typing) typing.blur(); else view.back?.(); return; }
  if (typing) return;
  const number = Number(event.key);
  if (event.key === "/") { event.preventDefault(); main.querySelector("input[type=search]")?.focus(); }
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (number >= 1 && number <= Object.keys(VIEWS).length) location.hash = `#/${Object.keys(VIEWS)[number - 1]}`;
});

function step(by) {
  const rows = [...main.querySelectorAll("a.row-link")];
  if (!rows.length) return;
  const now = rows.indexOf(document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? 0 : now + by))].focus();
}

frame();
get("labels").then((known) => requests.know(known)).catch(() => {}).finally(() => {
  show();
  follow(changed, (is) => { live(is); });
});
