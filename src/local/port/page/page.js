// Shows what /status/stream says. Whatever comes from outside is shown as text, never as markup.
"use strict";

const element = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const show = (id, value) => { element(id).textContent = value === null ? "–" : number.format(value); };

function node(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function fillTable(id, rows) {
  element(id).hidden = rows.length === 0;
  const lines = rows.map((cells) => {
    const line = document.createElement("tr");
    line.append(...cells.map((cell) => node("td", cell)));
    return line;
  });
  element(id).querySelector("tbody").replaceChildren(...lines);
}

// The state, once a second.

function showState({ stream, events, cache, archive, rejections, faults }) {
  element("stream-name").textContent = stream.name;
  show("records-per-second", stream.records_per_second);
  show("records", stream.records);
  show("events-per-second", events.per_second);
  show("events", events.total);
  show("waiting", stream.waiting);
  element("lag").textContent = `${stream.lag_seconds.toFixed(1)} s`;
  show("retries", stream.retries);
  for (const name of ["applied", "stale", "duplicate", "rejected"]) show(name, events[name]);
  fillTable("reasons", Object.entries(events.rejected_by_reason).map(([reason, count]) => [reason, number.format(count)]));
  show("hits", cache.hits);
  show("misses", cache.misses);
  show("refreshed", cache.refreshed);
  show("refreshed-later", cache.refreshed_later);
  show("archived", archive.records);
  show("archive-waiting", archive.waiting);
  show("objects", archive.objects);
  fillTable("archive", archive.last.map(({ key, bytes }) => [key, number.format(bytes)]));
  showRejections(rejections);
  faults.forEach(showFault);
}

let shownRejections = "";

function showRejections(rejections) {
  // An open text should not close every second.
  const now = JSON.stringify(rejections);
  if (now === shownRejections) return;
  shownRejections = now;
  const items = rejections.map(({ reason, detail, shard, sequence_number: position, event, event_base64: base64 }) => {
    const item = document.createElement("li");
    const details = document.createElement("details");
    details.append(node("summary", "the event"), node("pre", event ?? `base64: ${base64}`), node("p", `${shard}, ${position}`));
    item.append(node("span", reason, "reason"), document.createTextNode(` – ${detail}`), details);
    return item;
  });
  element("rejections").replaceChildren(...items);
}

function listen() {
  const source = new EventSource("/status/stream");
  const say = (text) => {
    const connection = element("connection");
    if (connection.textContent !== text) connection.textContent = text;
  };
  source.addEventListener("state", (message) => {
    say("connected: the figures are of this second");
    showState(JSON.parse(message.data));
  });
  source.addEventListener("error", () => say("not connected: has the run ended? The page connects again by itself."));
}

// Faults.

const faultNames = new Map();

function showFault({ target, possible, seconds_left: left }) {
  const button = document.querySelector(`button[data-fault="${CSS.escape(target)}"]`);
  if (!faultNames.has(target)) faultNames.set(target, button.textContent);
  const name = faultNames.get(target);
  button.disabled = !possible || left !== null;
  if (!possible) button.textContent = `${name}: given by URL`;
  else if (left === null) button.textContent = name;
  else button.textContent = left > 0 ? `${name}: ${left} s left` : `${name}: coming back`;
}

async function press(path, answer) {
  answer.textContent = "";
  try {
    const response = await fetch(path, { method: "POST", headers: { "x-pipegen": "1" } });
    if (!response.ok) answer.textContent = (await response.json()).detail;
  } catch {
    answer.textContent = "The run does not answer.";
  }
}

// The product search.

async function find(sku) {
  const result = element("product");
  try {
    const response = await fetch(`/products/${encodeURIComponent(sku)}`);
    const body = await response.json();
    const cache = response.headers.get("x-cache");
    const from = cache === "hit" ? "from the cache" : cache === "miss" ? "from the database" : `status ${response.status}`;
    const head = response.ok
      ? node("p", `${body.title ?? "without a title"}: ${number.format(body.available)} available, ${from}`)
      : node("p", `${body.detail ?? body.title ?? "no answer"} (${from})`, "bad");
    result.replaceChildren(head, node("pre", JSON.stringify(body, null, 2)));
  } catch {
    result.replaceChildren(node("p", "The catalog does not answer.", "bad"));
  }
}

// Events.

function example() {
  return JSON.stringify({
    specversion: "1.0",
    id: crypto.randomUUID(),
    source: "/suppliers/acme",
    type: "com.retailtech.stock.counted.v1",
    subject: "85123A",
    time: new Date().toISOString(),
    data: { quantity: 42 },
  }, null, 2);
}

// An example that nobody has changed is sent as of now: what was true when the page was opened may be stale.
let offered = "";

function offerExample(text) {
  if (text !== offered) return;
  // A text area has line feeds only, as this text does.
  offered = example();
  element("event").value = offered;
}

async function send(text) {
  const result = element("sent");
  try {
    const response = await fetch("/events", { method: "POST", headers: { "content-type": "application/json" }, body: text });
    const body = await response.json();
    const head = response.ok
      ? node("p", `${number.format(body.events.length)} on the stream; the processor will reject ${number.format(body.rejected)}`)
      : node("p", body.detail, "bad");
    result.replaceChildren(head, node("pre", JSON.stringify(body, null, 2)));
  } catch {
    result.replaceChildren(node("p", "The stream does not answer.", "bad"));
  }
}

for (const button of document.querySelectorAll("button[data-fault]")) {
  button.addEventListener("click", () => press(`/faults/${button.dataset.fault}`, element("fault-answer")));
}
element("write").addEventListener("click", () => press("/archive/write", element("write-answer")));
element("search").addEventListener("submit", (event) => {
  event.preventDefault();
  find(element("sku").value);
});
element("send").addEventListener("submit", (event) => {
  event.preventDefault();
  offerExample(element("event").value);
  send(element("event").value);
});
offerExample("");
listen();
