// Keeps a page up to date: the server sends parts of it as HTML (escaped there), by element id.
// And what every page has: shortcuts, forms that need no reload, staying signed in while at work.
"use strict";

const link = document.getElementById("link");
const shown = new WeakMap(); // child element -> the HTML it was made from
const counted = new WeakMap(); // ticking element -> when it was put in
const csrf = document.body.dataset.csrf ?? "";

// Change only what is different, so that what a reader opened or selected stays.
function put(parent, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = [...template.content.children];
  fresh.forEach((child, nth) => {
    const source = child.outerHTML;
    const old = parent.children[nth];
    if (old && (shown.get(old) ?? old.outerHTML) === source) return;
    shown.set(child, source);
    if (old) old.replaceWith(child);
    else parent.append(child);
  });
  while (parent.children.length > fresh.length) parent.lastElementChild.remove();
}

function tick() {
  for (const element of document.querySelectorAll(".ticks")) {
    if (!counted.has(element)) counted.set(element, performance.now());
    const ms = Number(element.dataset.ms) + performance.now() - counted.get(element);
    const seconds = Math.floor(ms / 1000);
    element.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

function state(text, good) {
  link.textContent = text;
  link.className = good ? "good" : "bad";
}

function follow(address) {
  const source = new EventSource(address);
  source.onopen = () => state("实时更新中", true);
  source.onerror = () => {
    const closed = source.readyState === EventSource.CLOSED;
    state(closed ? "更新已断开，请刷新" : "连接断开，正在重连；以下内容可能已过时", false);
  };
  source.addEventListener("parts", (event) => {
    const parts = JSON.parse(event.data);
    // Who reads at the end of the talk is kept there; who reads further up is left alone.
    const atEnd = "turns" in parts && innerHeight + scrollY > document.body.scrollHeight - 80;
    for (const [id, html] of Object.entries(parts)) {
      const place = document.getElementById(id);
      if (place && !place.contains(typing())) put(place, html);
    }
    tick();
    if (atEnd) scrollTo(0, document.body.scrollHeight);
  });
  source.addEventListener("ended", () => {
    source.close();
    location.reload();
  });
  source.addEventListener("signed_out", () => {
    source.close();
    location.assign("/login");
  });
}

// The field that somebody is typing into; what is being typed is never replaced.
function typing() {
  const active = document.activeElement;
  return active?.matches("input:not([type=hidden]), textarea, select") ? active : null;
}

// --- forms that need no reload: data-replace (the answer takes its place), data-into=ID (text)
async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  // Not form.action: a field of that name would stand in its place.
  const answer = await fetch(form.getAttribute("action"), {
    method: "POST",
    body: fields,
    headers: { "X-CSRF": csrf, "X-Part": "1" },
  });
  const text = await answer.text();
  if (!answer.ok) {
    const page = new DOMParser().parseFromString(text, "text/html");
    throw new Error(page.querySelector("[role=alert] p")?.textContent ?? "没有成功，请再试一次。");
  }
  return text;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("replace" in form.dataset || "into" in form.dataset)) return;
  event.preventDefault();
  const focused = document.activeElement?.getAttribute("name");
  try {
    const text = await send(form, event.submitter);
    if ("into" in form.dataset) {
      document.getElementById(form.dataset.into).textContent = text;
      return;
    }
    const template = document.createElement("template");
    template.innerHTML = text;
    const fresh = template.content.firstElementChild;
    form.replaceWith(fresh);
    fresh.querySelector(`[name="${focused}"]`)?.focus();
  } catch (error) {
    say(error.message, true);
  }
});

// One line that screen readers read out and that goes away by itself.
function say(text, bad) {
  let place = document.getElementById("said");
  if (!place) {
    place = document.createElement("p");
    place.id = "said";
    place.setAttribute("role", "alert");
    document.body.append(place);
  }
  place.className = bad ? "bad" : "";
  place.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => place.remove(), 6000);
}

// --- shortcuts --------------------------------------------------------------------------------
let leader = -Infinity; // when g was pressed
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || typing()) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "?") document.getElementById("help")?.showModal();
  else if (event.key === "/") {
    document.querySelector("main input:not([type=hidden]):not([type=date])")?.focus();
    event.preventDefault();
  } else if (event.key === "g") leader = performance.now();
  else if (performance.now() - leader < 1500 && /^[a-z]$/.test(event.key)) {
    document.querySelector(`header nav a[data-key="${event.key}"]`)?.click();
    leader = -Infinity;
    event.stopImmediatePropagation();
  }
});
document.getElementById("help-button")?.addEventListener("click", () => {
  document.getElementById("help").showModal();
});

// --- somebody who types or clicks is not idle, even on a page that asks for nothing -----------
let alive = performance.now();
for (const kind of ["keydown", "pointerdown"]) {
  document.addEventListener(kind, () => {
    if (!csrf || performance.now() - alive < 120_000) return;
    alive = performance.now();
    fetch("/alive", { method: "POST", headers: { "X-CSRF": csrf } });
  });
}

if (document.body.dataset.events) {
  for (const part of document.querySelectorAll("main [id]")) {
    for (const child of part.children) shown.set(child, child.outerHTML);
  }
  follow(document.body.dataset.events);
  setInterval(tick, 1000);
}
