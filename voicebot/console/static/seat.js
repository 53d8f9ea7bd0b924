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
