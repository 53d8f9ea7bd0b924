// The recording in step with what was said: a turn's time plays it, playing lights the turn up.
"use strict";

const tape = document.getElementById("tape");
const turns = () => [...document.querySelectorAll("#turns .turn")];
let here = null; // the turn that is lit

function light(turn, scroll) {
  if (turn === here) return;
  here?.classList.remove("now");
  here?.removeAttribute("aria-current");
  here = turn;
  if (!here) return;
  here.classList.add("now");
  here.setAttribute("aria-current", "true");
  if (scroll) here.scrollIntoView({ block: "nearest" });
}

function playFrom(turn) {
  if (!turn) return;
  light(turn, true);
  if (!tape) return;
  tape.currentTime = Number(turn.dataset.start) / 1000;
  tape.play().catch(() => {}); // a recording that cannot be played says so in its own controls
}

// The last turn that has begun; a caller's turn is told after it began, so order by start.
function turnAt(ms) {
  let found = null;
  for (const turn of turns()) {
    const start = Number(turn.dataset.start);
    if (start <= ms + 50 && (!found || start >= Number(found.dataset.start))) found = turn;
  }
  return found;
}

document.getElementById("turns")?.addEventListener("click", (event) => {
  const button = event.target.closest("button.at");
  if (button) playFrom(button.closest(".turn"));
});

tape?.addEventListener("timeupdate", () => {
  light(turnAt(tape.currentTime * 1000), !tape.paused);
});

function step(by) {
  const all = turns();
  const nth = all.indexOf(here) + by;
  if (all.length) playFrom(all[Math.max(0, Math.min(all.length - 1, nth))]);
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  " ": () => (tape?.paused ? tape.play().catch(() => {}) : tape?.pause()),
  1: () => here?.querySelector("button[value=right]")?.click(),
  2: () => here?.querySelector("button[value=wrong]")?.click(),
  0: () => here?.querySelector('.judge button[value=""]')?.click(),
  n: () => here?.querySelector("input[name=note]")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || typing()) return;
  if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
  const onButton = document.activeElement?.matches("button, a, summary, audio");
  if (!(event.key in KEYS) || (event.key === " " && onButton)) return;
  event.preventDefault();
  KEYS[event.key]();
});
