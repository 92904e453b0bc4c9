import type { Html } from "./html.js";

/** Runs before the page is painted, so that a chosen theme does not flash. */
export const themeScript = `
try {
  const theme = localStorage.getItem("wirespan-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {}
document.documentElement.classList.add("js");
` as Html;

/**
 * Theme, search, navigation and copy buttons. A constant: nothing of a contract is in it, so its hash in the page's
 * content security policy depends on this file alone. It reads the search data as JSON and shows it as text.
 */
export const pageScript = String.raw`
const root = document.documentElement;
const byId = (id) => document.getElementById(id);

// theme: the system's until the reader chooses
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const themeButton = byId("theme");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);
const labelTheme = () => themeButton.setAttribute("aria-label", isDark() ? "Use the light theme" : "Use the dark theme");
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  labelTheme();
  try {
    localStorage.setItem("wirespan-theme", root.dataset.theme);
  } catch {}
});
systemDark.addEventListener("change", labelTheme);
labelTheme();

// navigation: a drawer on narrow screens
const menuButton = byId("menu");
const sidebar = byId("sidebar");
const narrow = matchMedia("(max-width: 900px)");
const setMenu = (open) => {
  root.classList.toggle("menu-open", open);
  menuButton.setAttribute("aria-expanded", String(open));
  // what is out of sight must not take the focus
  sidebar.inert = narrow.matches && !open;
};
menuButton.addEventListener("click", () => setMenu(!root.classList.contains("menu-open")));
narrow.addEventListener("change", () => setMenu(false));
sidebar.addEventListener("click", (event) => {
  if (event.target.closest("a")) setMenu(false);
});
byId("shade").addEventListener("click", () => setMenu(false));
setMenu(false);

// the section in view
const links = new Map();
for (const link of sidebar.querySelectorAll("a[href^='#']")) links.set(link.getAttribute("href").slice(1), link);
let current;
const mark = (id) => {
  const link = links.get(id);
  if (!link || link === current) return;
  current?.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  current = link;
  const group = link.closest("details");
  if (group && !group.open) return;
  const box = link.getBoundingClientRect();
  const frame = sidebar.getBoundingClientRect();
  if (box.top < frame.top + 60 || box.bottom > frame.bottom - 20) link.scrollIntoView({ block: "center" });
};
const visible = new Set();
const watched = [...document.querySelectorAll("main [id]")].filter((element) => links.has(element.id));
const order = new Map(watched.map((element, at) => [element, at]));
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) visible[isIntersecting ? "add" : "delete"](target);
    const first = [...visible].sort((a, b) => order.get(a) - order.get(b)).pop();
    if (first) mark(first.id);
  },
  { rootMargin: "-70px 0px -70% 0px" },
);
for (const element of watched) observer.observe(element);

// a link into something folded opens it
const reveal = () => {
  let target;
  try {
    target = byId(decodeURIComponent(location.hash.slice(1)));
  } catch {}
  for (let at = target?.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
  if (target?.tagName === "DETAILS") target.open = true;
  if (!target) return;
  target.scrollIntoView();
  // on large pages the way there is laid out only now
  requestAnimationFrame(() => requestAnimationFrame(() => target.scrollIntoView()));
};
addEventListener("hashchange", reveal);
if (location.hash) reveal();

// copy buttons
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = button.closest(".sample").querySelector("pre").textContent;
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
  }
}

// search
const box = byId("search");
const list = byId("results");
const data = JSON.parse(byId("search-data").textContent).map(([title, kind, id, detail]) => ({
  title,
  kind,
  id,
  detail,
  name: title.toLowerCase(),
  text: (title + " " + detail + " " + kind).toLowerCase(),
}));
let hits = [];
let active = -1;

const score = (entry, words) => {
  let sum = 0;
  for (const word of words) {
    if (!entry.text.includes(word)) return 0;
    const at = entry.name.indexOf(word);
    if (entry.name === word) sum += 100;
    else if (at === 0) sum += 60;
    else if (at > 0 && /[^a-z0-9]/.test(entry.name[at - 1])) sum += 40;
    else if (at > 0) sum += 25;
    else sum += 5;
  }
  return sum - entry.name.length / 100;
};

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
};

const close = () => {
  list.hidden = true;
  active = -1;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
};

const choose = (at) => {
  active = at;
  [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
  const item = list.children[at];
  if (item) {
    box.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }
};

const go = (at) => {
  const hit = hits[at];
  if (!hit) return;
  close();
  box.value = "";
  setMenu(false);
  if (location.hash === "#" + hit.id) reveal();
  else location.hash = hit.id;
  byId(hit.id)?.focus({ preventScroll: true });
};

const search = () => {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return close();
  hits = data
    .map((entry) => ({ entry, score: score(entry, words) }))
    .filter((hit) => hit.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, 40)
    .map((hit) => hit.entry);
  list.replaceChildren(
    ...hits.map((hit, at) => {
      const item = document.createElement("li");
      item.id = "result-" + at;
      item.setAttribute("role", "option");
      item.append(
        element("span", "kind kind-" + hit.kind.toLowerCase(), hit.kind),
        element("span", "hit", hit.title),
        element("span", "about", hit.detail),
      );
      item.addEventListener("mousedown", (event) => event.preventDefault());
      item.addEventListener("click", () => go(at));
      return item;
    }),
  );
  if (hits.length === 0) {
    const none = element("li", "none", "Nothing found");
    none.setAttribute("role", "option");
    none.setAttribute("aria-disabled", "true");
    list.append(none);
  }
  list.hidden = false;
  box.setAttribute("aria-expanded", "true");
  choose(hits.length > 0 ? 0 : -1);
};

box.addEventListener("input", search);
box.addEventListener("focus", search);
box.addEventListener("blur", close);
box.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (list.hidden) box.blur();
    else close();
  } else if (event.key === "ArrowDown" && hits.length > 0 && !list.hidden) {
    choose((active + 1) % hits.length);
  } else if (event.key === "ArrowUp" && hits.length > 0 && !list.hidden) {
    choose((active + hits.length - 1) % hits.length);
  } else if (event.key === "Enter" && !list.hidden) {
    go(active);
  } else {
    return;
  }
  event.preventDefault();
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && root.classList.contains("menu-open")) {
    setMenu(false);
    menuButton.focus();
  }
  const typing = event.target.closest?.("input, textarea, select");
  const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (slash || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey))) {
    event.preventDefault();
    box.focus();
    box.select();
  }
});
` as Html;
