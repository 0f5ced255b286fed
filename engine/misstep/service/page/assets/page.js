// The form posts itself while it is filled in, and parts of the page that comes back take the place of those that are here.
// Without this file the same form works with its buttons. Nothing is stored; the only address that is asked is the page's own.
"use strict";

const form = document.getElementById("case");
const status = document.getElementById("status");
const byId = (id, root = document) => root.getElementById(id);
let running = null;
let timer = 0;
let answered = ""; // what the answer that is shown was given to
let removed = null;
let noted = 0;

const SENTENCES = {
  copied: "Copied.",
  selected: "The message is selected. Copy it from there.",
  link: "The link is copied. Whoever has it can read all that you said.",
  linkShown: "Here is the link. Whoever has it can read all that you said.",
  unreached: "No answer just now. What you typed is still here; the next change tries again.",
};

// Said aloud by screen readers; a note is seen too, for a while.
function say(text, note = false) {
  clearTimeout(noted);
  status.className = note ? "note" : "unseen";
  status.textContent = "";
  requestAnimationFrame(() => { status.textContent = text; });
  if (note) noted = setTimeout(() => { status.className = "unseen"; }, 6000);
}

async function ask(body, type) {
  running?.abort();
  const mine = running = new AbortController();
  try {
    const reply = await fetch(form.action, { method: "POST", body, signal: mine.signal, headers: { "Content-Type": type } });
    if (![200, 422].includes(reply.status)) throw new Error(String(reply.status));
    return new DOMParser().parseFromString(await reply.text(), "text/html");
  } catch (error) {
    if (error.name !== "AbortError") say(SENTENCES.unreached, true);
    return null;
  }
}

const fields = () => new URLSearchParams(new FormData(form));

function askForm(extra) {
  const body = fields();
  for (const [name, value] of extra) body.append(name, value);
  return ask(body.toString(), "application/x-www-form-urlencoded");
}

// -- what comes back takes its place

function openDetails(root) {
  return new Set([...root.querySelectorAll("details[id][open]")].map((details) => details.id));
}

function swap(id, page) {
  const old = byId(id), fresh = byId(id, page), open = openDetails(old);
  for (const details of fresh.querySelectorAll("details[id]")) if (open.has(details.id)) details.open = true;
  if (fresh.dataset.record) old.dataset.record = fresh.dataset.record;
  old.replaceChildren(...fresh.childNodes);
}

function showAnswer(page) {
  swap("answer", page);
  const jump = document.querySelector(".jump"), fresh = page.querySelector(".jump");
  jump.hidden = fresh.hidden;
  jump.replaceChildren(...fresh.childNodes);
  document.title = page.title;
  if (status.textContent !== byId("status", page).textContent) say(byId("status", page).textContent);
  wake();
  if (location.hash.startsWith("#case=")) history.replaceState(null, "", link());
}

function showErrors(page) {
  for (const field of document.querySelectorAll("[data-field]")) {
    const fresh = byId(field.dataset.field + ".error", page), error = byId(field.dataset.field + ".error");
    if (!fresh) continue;
    error.textContent = fresh.textContent;
    error.hidden = fresh.hidden;
    const input = byId(field.dataset.field);
    if (fresh.hidden) input.removeAttribute("aria-invalid");
    else if (input.tagName !== "FIELDSET") input.setAttribute("aria-invalid", "true");
  }
}

async function refresh() {
  clearTimeout(timer);
  const asked = fields().toString();
  const page = await askForm([["live", "1"]]);
  if (!page) return;
  answered = asked;
  showErrors(page);
  swap("found", page);
  showAnswer(page);
}

function showWhole(page) {
  swap("story", page);
  showAnswer(page);
  answered = fields().toString();
  const focus = document.querySelector("#story [autofocus]");
  if (focus) {
    focus.focus({ preventScroll: true });
    (focus.closest(".card") ?? focus).scrollIntoView({ block: "nearest" });
  }
}

async function press(button) {
  let before, page;
  clearTimeout(timer);
  do { // what is typed meanwhile is not to be lost
    before = fields();
    page = await askForm([[button.name, button.value]]);
  } while (page && fields().toString() !== before.toString());
  if (!page) return;
  showWhole(page);
  if (button.name === "remove") removed = before;
}

async function undo() {
  const page = await ask(removed.toString(), "application/x-www-form-urlencoded");
  if (page) showWhole(page);
}

// -- the whole case in a link

function link() {
  const bytes = new TextEncoder().encode(byId("answer").dataset.record);
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return location.href.split("#")[0] + "#case=" + text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function openLink() {
  if (!location.hash.startsWith("#case=")) return;
  let record = "?";
  try {
    const text = atob(location.hash.slice(6).replace(/-/g, "+").replace(/_/g, "/"));
    record = new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  } catch { /* it is posted as it is: the page says what is wrong */ }
  const page = await ask(record, "application/json");
  if (page) showWhole(page);
}

async function copy(text, done, otherwise) {
  try {
    await navigator.clipboard.writeText(text);
    say(done, true);
    return true;
  } catch {
    otherwise();
    return false;
  }
}

function wake() {
  for (const button of document.querySelectorAll("[data-copy], #share, #print, #undo")) button.hidden = false;
}

const clicks = {
  async share() {
    if (fields().toString() !== answered) await refresh();
    const field = byId("link");
    if (!field) return; // what was typed last is wrong, and there is no answer to keep
    history.replaceState(null, "", link());
    field.hidden = false;
    field.value = location.href;
    field.scrollIntoView({ block: "nearest" });
    copy(field.value, SENTENCES.link, () => { field.select(); say(SENTENCES.linkShown, true); });
  },
  print() { window.print(); },
  undo,
};

// -- what people do

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.hasAttribute("formaction")) return; // a file to keep: the browser does that
  event.preventDefault();
  if (document.activeElement === byId("q") && byId("q").value.trim()) {
    const first = document.querySelector("#found .find:enabled");
    if (first && byId("found").dataset.words === byId("q").value) press(first);
    else refresh().then(() => { byId("found").dataset.words = byId("q").value; });
  } else if (button?.name === "add" || button?.name === "remove") press(button);
  else refresh().then(() => byId("answer").focus());
});

form.addEventListener("input", (event) => {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const words = byId("q").value;
    await refresh();
    byId("found").dataset.words = words;
    if (event.target.id === "q" && byId("found-count")) say(byId("found-count").textContent);
  }, 200);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && clicks[button.id]) clicks[button.id]();
  if (button?.dataset.copy) copy(byId(button.dataset.copy).textContent, SENTENCES.copied, () => {
    getSelection().selectAllChildren(byId(button.dataset.copy));
    say(SENTENCES.selected, true);
  });
  const target = event.target.closest("a[href^='#']")?.getAttribute("href").slice(1);
  if (target) for (let at = byId(target); at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
});

addEventListener("hashchange", openLink);
new IntersectionObserver(([answer]) => document.body.classList.toggle("at-answer", answer.isIntersecting)).observe(byId("answer"));
document.documentElement.classList.add("live");
wake();
openLink();
