// The form posts itself at each step and while facts are changed, and the page that comes back takes the place of this one. All that
// the page holds is in the form, and the form is kept behind the # of the address: Back, reload and a link give it back.
// Without this file the same form works with its buttons. Nothing is stored; the only address that is asked is the page's own.
"use strict";

const form = document.getElementById("case");
const status = document.getElementById("status");
const byId = (id, root = document) => root.getElementById(id);
const FORM = "application/x-www-form-urlencoded";
let running = null;
let timer = 0;
let removed = null;
let noted = 0;
let released = Promise.resolve();

const SENTENCES = {
  copied: "Copied.",
  selected: "The message is selected. Copy it from there.",
  link: "The link is copied. Whoever has it can read all that you said.",
  linkShown: "Here is the link. Whoever has it can read all that you said.",
  unreached: "No answer just now. What you typed is still here: try again in a moment.",
};

// Said aloud by screen readers; a note is seen too, for a while.
function say(text, note = false) {
  clearTimeout(noted);
  status.className = note ? "note" : "unseen";
  status.textContent = "";
  requestAnimationFrame(() => { status.textContent = text; });
  if (note) noted = setTimeout(() => { status.className = "unseen"; }, 6000);
}

async function ask(body, type = FORM) {
  running?.abort();
  const mine = running = new AbortController();
  const slow = setTimeout(() => { byId("wait").hidden = false; }, 400);
  form.setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(form.action, { method: "POST", body, signal: mine.signal, headers: { "Content-Type": type } });
    if (![200, 422].includes(reply.status)) throw new Error(String(reply.status));
    const text = await reply.text();
    await released;
    return mine.signal.aborted ? null : new DOMParser().parseFromString(text, "text/html");
  } catch (error) {
    if (error.name !== "AbortError") say(SENTENCES.unreached, true);
    return null;
  } finally {
    clearTimeout(slow);
    if (running === mine) {
      byId("wait").hidden = true;
      form.removeAttribute("aria-busy");
    }
  }
}

const fields = () => new URLSearchParams(new FormData(form));

// -- the whole page in its address

function address() {
  const ticks = new Set([...form.querySelectorAll("input[type=hidden]")].map((input) => input.name)); // also of no tick at all
  const said = new URLSearchParams([...fields()].filter(([name, value]) => value !== "" || ticks.has(name)));
  const bytes = new TextEncoder().encode(said.toString());
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return "#form=" + text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const remember = () => history.replaceState(null, "", address());

// A link of before held the record alone, as JSON.
async function restore() {
  let [, name, held] = /^#(form|case)=(.*)$/.exec(location.hash) ?? ["", location.hash ? "" : "form", ""];
  if (!name) return;
  let text = "?";
  try {
    const bytes = atob(held.replace(/-/g, "+").replace(/_/g, "/"));
    text = new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
  } catch {
    name = "case"; // what is no record either: the page says so
  }
  const page = await ask(text, name === "case" ? "application/json" : FORM);
  if (page) show(page);
}

// -- what comes back takes its place

function swap(id, page) {
  const old = byId(id), fresh = byId(id, page);
  if (!old || !fresh) return;
  const open = new Set([...old.querySelectorAll("details[id][open]")].map((details) => details.id));
  for (const details of fresh.querySelectorAll("details[id]")) if (open.has(details.id)) details.open = true;
  old.hidden = fresh.hidden;
  if (id === "page" || !same(old, fresh)) old.replaceChildren(...fresh.childNodes); // else the focus stays where it is
}

const same = ({ childNodes: a }, { childNodes: b }) => a.length === b.length && [...a].every((node, i) => node.isEqualNode(b[i]));

// The way to the answer is in sight until the answer fills half of the window.
const seen = new IntersectionObserver(
  (changes) => document.body.classList.toggle("at-answer", changes.at(-1).isIntersecting), { rootMargin: "0px 0px -50% 0px" });

function settle(page) {
  swap("jump", page);
  document.title = page.title;
  if (status.textContent !== byId("status", page).textContent) say(byId("status", page).textContent);
  wake();
}

function show(page) {
  const focus = page.querySelector("#page [autofocus]");
  focus?.removeAttribute("autofocus"); // the browser would do it too
  swap("page", page);
  swap("top", page);
  settle(page);
  focus?.focus({ preventScroll: true });
  (focus?.closest("section, li") ?? focus)?.scrollIntoView({ block: "nearest" });
}

// While a fact is changed its fields stay as they are: somebody types there.
async function refresh() {
  clearTimeout(timer);
  const page = await ask(fields().toString());
  if (!page) return;
  for (const field of document.querySelectorAll("[data-field]")) {
    const fresh = byId(field.dataset.field + ".error", page), error = byId(field.dataset.field + ".error");
    if (!fresh) continue;
    error.textContent = fresh.textContent;
    error.hidden = fresh.hidden;
    const input = byId(field.dataset.field);
    if (fresh.hidden) input.removeAttribute("aria-invalid");
    else if (input.tagName !== "FIELDSET") input.setAttribute("aria-invalid", "true");
  }
  for (const said of document.querySelectorAll(".values")) swap(said.id, page);
  for (const id of ["found", "answer"]) swap(id, page);
  if (!byId("question").contains(document.activeElement)) swap("question", page);
  settle(page);
  remember();
}

async function press(button) {
  let before, page;
  clearTimeout(timer);
  do { // what is typed meanwhile is not to be lost
    before = fields();
    const body = new URLSearchParams(before);
    body.append(button.name, button.value);
    page = await ask(body.toString());
  } while (page && fields().toString() !== before.toString());
  if (!page) return;
  remember();
  if (button.name === "remove") removed = before;
  show(page);
  history.pushState(null, "", address());
}

async function copy(text, done, otherwise) {
  try {
    await navigator.clipboard.writeText(text);
    say(done, true);
  } catch {
    otherwise();
  }
}

function wake() {
  seen.disconnect();
  seen.observe(byId("answer"));
  for (const button of document.querySelectorAll("[data-copy], #share, #print, #undo")) button.hidden = false;
}

const clicks = {
  share() {
    remember();
    const field = byId("link");
    field.hidden = false;
    field.value = location.href;
    field.scrollIntoView({ block: "nearest" });
    copy(field.value, SENTENCES.link, () => { field.select(); say(SENTENCES.linkShown, true); });
  },
  print() { window.print(); },
  async undo() {
    const page = await ask(removed.toString());
    if (page) { show(page); remember(); }
  },
};

// -- what people do

// A button that is replaced while it is held down is never clicked.
addEventListener("pointerdown", () => {
  released = new Promise((done) => {
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(done), { once: true });
  });
});

form.addEventListener("submit", (event) => {
  let button = event.submitter;
  if (button?.hasAttribute("formaction")) return; // a file to keep: the browser does that
  event.preventDefault();
  const at = document.activeElement;
  if (button?.name === "see" && button.value === "answer") { // Enter in a field presses the first button of the form
    if (at.dataset.fills) return;
    if (at.name === "reply") button = at.closest("section").querySelector("[value=next]");
  }
  if (at.id === "q" && at.value.trim()) {
    const first = document.querySelector("#found .find:enabled");
    if (first && byId("found").dataset.words === at.value) press(first);
    else refresh().then(() => { byId("found").dataset.words = at.value; });
  } else if (button && button.name !== "see") press(button);
  else refresh().then(() => byId("answer").focus());
});

form.addEventListener("input", (event) => {
  const { id, dataset, value } = event.target;
  clearTimeout(timer);
  if (dataset.fills) {
    for (const mark of document.querySelectorAll("mark[data-blank]"))
      if (mark.dataset.blank === dataset.fills) mark.textContent = value.trim() ? value : `[${dataset.fills}]`;
  }
  timer = setTimeout(async () => {
    remember();
    if (id !== "q" && !event.target.closest("[data-field]")) return;
    await refresh();
    if (id !== "q") return;
    byId("found").dataset.words = value;
    if (byId("found-count")) say(byId("found-count").textContent);
  }, 200);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && clicks[button.id]) clicks[button.id]();
  if (button?.dataset.copy) copy(byId(button.dataset.copy).textContent, SENTENCES.copied, () => {
    getSelection().selectAllChildren(byId(button.dataset.copy));
    say(SENTENCES.selected, true);
  });
  const target = byId(event.target.closest("a[href^='#']")?.getAttribute("href").slice(1));
  if (!target) return;
  event.preventDefault(); // the address keeps what was said
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView();
  target.focus({ preventScroll: true });
});

addEventListener("popstate", restore);
document.documentElement.classList.add("live");
wake();
if (location.hash) restore();
