// The seat's keys: state, suggestions, the form.
"use strict";

const STATES = { 1: "ready", 2: "wrap_up", 3: "away" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || typing()) return;
  if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
  if (event.key in STATES) {
    document.querySelector(`#my-state button[value="${STATES[event.key]}"]`)?.click();
  } else if (event.key === "u" || event.key === "x") {
    const verdict = event.key === "u" ? "used" : "dismissed";
    document.querySelector(`#my-advice button[value="${verdict}"]`)?.click();
  } else if (event.key === "f") {
    document.querySelector("#my-form textarea, #my-form input:not([type=hidden])")?.focus();
  } else return;
  event.preventDefault();
});

// Once the story of a call is drawn, say so: the telephone rings only then.
let seen = "";
function tellSeen() {
  const call = document.querySelector("#my-story [data-call]")?.dataset.call ?? "";
  if (!call || call === seen) return;
  seen = call;
  fetch("/seat/seen", {
    method: "POST",
    body: new URLSearchParams({ call }),
    headers: { "X-CSRF": document.body.dataset.csrf },
  });
}
const story = document.getElementById("my-story");
new MutationObserver(tellSeen).observe(story, { childList: true, subtree: true });
tellSeen();
