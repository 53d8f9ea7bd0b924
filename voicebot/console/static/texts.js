// The list of files is narrowed while one types; Ctrl-S checks; nothing typed is lost unasked.
"use strict";

const filter = document.getElementById("filter");
filter?.addEventListener("input", () => {
  for (const item of document.querySelectorAll(".files li")) {
    item.hidden = !item.textContent.toLowerCase().includes(filter.value.trim().toLowerCase());
  }
});

const edit = document.getElementById("edit");
const text = edit?.querySelector("textarea");
const publish = edit?.querySelector('button[value="publish"]');
let changed = false;
text?.addEventListener("input", () => {
  changed = true;
  if (publish) publish.disabled = true; // what was checked is no longer what stands here
});
edit?.addEventListener("submit", () => {
  changed = false;
});
addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "s" || !edit) return;
  event.preventDefault();
  edit.querySelector('button[value="check"]')?.click();
});
