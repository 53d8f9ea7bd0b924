// Keeps a page up to date: the server sends parts of it as HTML (escaped there), by element id.
"use strict";

const link = document.getElementById("link");
const shown = new WeakMap(); // child element -> the HTML it was made from
const counted = new WeakMap(); // ticking element -> when it was put in

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
      put(document.getElementById(id), html);
    }
    tick();
    if (atEnd) scrollTo(0, document.body.scrollHeight);
  });
  source.addEventListener("ended", () => {
    source.close();
    location.reload();
  });
}

if (document.body.dataset.events) {
  for (const part of ["now", "latest", "facts", "story", "turns"]) {
    for (const child of document.getElementById(part)?.children ?? []) {
      shown.set(child, child.outerHTML);
    }
  }
  follow(document.body.dataset.events);
  setInterval(tick, 1000);
}
