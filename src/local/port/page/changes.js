// Shows what /changes/stream says, the newest first. Whatever comes from outside is shown as text, never as markup.
"use strict";

const element = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const LINES = 100;
const counts = { changes: 0, pushed: 0 };

function add(table, cells) {
  const line = document.createElement("tr");
  line.append(...cells.map((text) => {
    const cell = document.createElement("td");
    cell.textContent = text;
    return cell;
  }));
  const lines = element(table).querySelector("tbody");
  lines.prepend(line);
  while (lines.children.length > LINES) lines.lastElementChild.remove();
  counts[table] += 1;
}

const source = new EventSource("/changes/stream");
source.onopen = () => { element("connection").textContent = "connected"; };
// The browser connects again by itself, and says what it had last.
source.onerror = () => { element("connection").textContent = "not connected; trying again…"; };

source.addEventListener("changes", (event) => {
  for (const view of JSON.parse(event.data).changes) {
    add("changes", [view.sku, view.title ?? "–", number.format(view.available), view.updated_at]);
  }
  element("count").textContent = number.format(counts.changes);
});

source.addEventListener("pushed", (event) => {
  const { sku, version, available } = JSON.parse(event.data);
  add("pushed", [sku, number.format(available), String(version)]);
  element("pushed-count").textContent = number.format(counts.pushed);
});
