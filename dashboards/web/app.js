// The live page. All data comes over one event stream; its format is in README.md. Text from outside goes through textContent
// only, so no label or summary can become markup.
"use strict";

const STREAM = "/api/tickbird/v1/stream";
const WINDOW_MS = 5 * 60 * 1000;
const HIDDEN_CLOSE_MS = 30 * 1000;
const MAX_BACKOFF_MS = 15 * 1000;

const percent = (v) => (v < 9.95 ? v.toFixed(1) : v.toFixed(0)) + "%";
const bytes = (v) => {
  let unit = 0;
  while (v >= 1000 && unit < 5) { v /= 1024; unit++; }
  return (unit === 0 || v >= 99.5 ? v.toFixed(0) : v >= 9.95 ? v.toFixed(1) : v.toFixed(2)) + " " + ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][unit];
};
const rate = (v) => bytes(v) + "/s";

// What is shown, from which series. `floor` is the least height of the scale, so that noise stays small.
const TILES = [
  { title: "CPU", format: percent, max: 100, lines: [["cpu", ""]] },
  { title: "Memory", format: percent, max: 100, lines: [["memory", ""]], of: ["memory_used", "memory_total"] },
  { title: "Disk space", format: percent, max: 100, lines: [["disk", ""]], of: ["disk_used", "disk_total"], note: "fullest file system" },
  { title: "Disk I/O", format: rate, floor: 1 << 20, lines: [["disk_read", "read"], ["disk_write", "write"]] },
  { title: "Network", format: rate, floor: 100 << 10, lines: [["network_receive", "in"], ["network_transmit", "out"]] },
  { title: "Pressure", format: percent, floor: 10, cap: 100,
    lines: [["pressure_cpu", "CPU"], ["pressure_memory", "memory"], ["pressure_io", "I/O"]] },
];
const WORDS = ["All well", "Notice", "Warning", "High", "Critical"];
const HEALTH_SEVERITY = { pass: 0, warn: 2, fail: 4 };

const byId = (id) => document.getElementById(id);
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

let series = new Map();  // name -> [[t, v], ...], oldest first
let alerts = [];
let health = { status: "pass", checks: [] };
let intervalMs = 1000;
let clockOffset = 0;  // server's clock minus ours
let everConnected = false;
let live = false;

const now = () => Date.now() + clockOffset;
const severityOf = (thing) => Math.min(4, Math.max(1, Number(thing.rank) || 1));

function ago(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min";
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  return Math.floor(s / 86400) + " d " + Math.floor((s % 86400) / 3600) + " h";
}

// ---- the stream -------------------------------------------------------------------------------------------------------------

let source = null;
let attempts = 0;
let retryTimer = 0;
let lastEventAt = 0;

function connect() {
  clearTimeout(retryTimer);
  if (source) source.close();
  lastEventAt = Date.now();
  source = new EventSource(STREAM);
  const on = (name, apply) => source.addEventListener(name, (event) => {
    lastEventAt = Date.now();
    apply(JSON.parse(event.data));
  });
  on("snapshot", onSnapshot);
  on("tick", onTick);
  on("alerts", (list) => { alerts = list; showAlerts(); showState(); });
  on("health", (value) => { health = value; showHealth(); showState(); });
  // The browser's own reconnection has no backoff and gives up on an error status.
  source.onerror = retry;
}

function disconnect(text) {
  if (source) source.close();
  source = null;
  setLive(false, text);
}

function retry() {
  const delay = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** attempts++) * (0.75 + Math.random() / 2);
  disconnect("no connection, trying again in " + Math.ceil(delay / 1000) + " s");
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, delay);
}

function setLive(isLive, text) {
  live = isLive;
  byId("connection").dataset.state = isLive ? "live" : everConnected ? "lost" : "connecting";
  byId("connection-text").textContent = text;
  document.body.classList.toggle("stale", !isLive);
  showState();
}

function onSnapshot(data) {
  attempts = 0;
  everConnected = true;
  intervalMs = data.interval_ms || 1000;
  clockOffset = data.t - Date.now();
  series = new Map(data.series.map((one) => [one.name, one.points]));
  alerts = data.alerts;
  health = data.health;
  byId("host").textContent = data.host + (data.version ? "  ·  " + data.version : "");
  setLive(true, "live");
  showAlerts();
  showHealth();
  showState();
  draw();
}

function onTick(data) {
  for (const [name, value] of Object.entries(data.values)) {
    if (!series.has(name)) series.set(name, []);
    const points = series.get(name);
    // The snapshot may already hold it.
    if (points.length && points[points.length - 1][0] >= data.t) continue;
    points.push([data.t, value]);
    while (points.length && points[0][0] < data.t - WINDOW_MS - intervalMs) points.shift();
  }
  draw();
}

// ---- state, alerts, health --------------------------------------------------------------------------------------------------

function showState() {
  const open = alerts.filter((a) => !a.ack);
  const failing = health.checks.filter((c) => c.status !== "pass");
  let severity = Math.max(0, ...open.map(severityOf), HEALTH_SEVERITY[health.status] || 0);
  const parts = [];
  if (open.length) parts.push(open.length + (open.length === 1 ? " active alert" : " active alerts"));
  if (alerts.length > open.length) parts.push((alerts.length - open.length) + " acknowledged");
  if (failing.length) parts.push(failing.length + (failing.length === 1 ? " health check not passing" : " health checks not passing"));
  let word = WORDS[severity];
  let text = parts.join(", ") || "no active alerts";
  if (!live) {
    word = everConnected ? "Not connected" : "Connecting";
    text = everConnected ? "below is the last data received" : "";
    severity = "unknown";
  }
  const state = byId("state");
  // Written only on change: each write is read out to people who listen.
  if (state.dataset.severity !== String(severity)) state.dataset.severity = severity;
  if (byId("state-word").textContent !== word) byId("state-word").textContent = word;
  if (byId("state-text").textContent !== text) byId("state-text").textContent = text;
  document.title = (open.length && live ? "(" + open.length + ") " : "") + word + " – Tickbird";
}

function showAlerts() {
  const list = byId("alerts");
  const focused = document.activeElement && document.activeElement.dataset.alert;
  list.replaceChildren();
  if (!alerts.length) list.append(make("li", "empty", "None."));
  const order = [...alerts].sort((a, b) => severityOf(b) - severityOf(a) || a.since_ms - b.since_ms);
  for (const alert of order) {
    const item = make("li", alert.ack ? "acked" : "");
    item.dataset.severity = severityOf(alert);
    const what = make("div", "what", alert.summary || alert.name);
    const labels = Object.entries(alert.labels || {}).map(([name, value]) => name + "=" + value).join("  ");
    what.append(make("small", "", alert.name + (labels ? "  ·  " + labels : "")));
    const numbers = make("div", "numbers");
    numbers.append(make("b", "", alert.value_text || ""));
    const since = make("span", "since");
    since.dataset.since = alert.since_ms;
    since.title = new Date(alert.since_ms).toLocaleString();
    numbers.append(since);
    item.append(make("span", "level", alert.level), what, numbers, acknowledgement(alert));
    list.append(item);
    if (focused === alert.id) item.querySelector("button")?.focus();
  }
  showAges();
}

function acknowledgement(alert) {
  if (alert.ack) return make("span", "by", "acknowledged" + (alert.ack.by ? " by " + alert.ack.by : ""));
  const button = make("button", "", "Acknowledge");
  button.dataset.alert = alert.id;
  button.setAttribute("aria-label", "Acknowledge " + alert.name);
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = "Sending";
    try {
      const response = await fetch("/api/tickbird/v1/alerts/" + encodeURIComponent(alert.id) + "/ack", { method: "POST" });
      if (response.ok) {
        button.textContent = "Acknowledged";
        return;  // The stream brings the new list.
      }
      const body = await response.json().catch(() => ({}));
      button.title = body.error || "status " + response.status;
      button.textContent = response.status === 403 ? "Not allowed from here" : "Failed, try again";
    } catch {
      button.textContent = "Failed, try again";
    }
    button.disabled = false;
  });
  return button;
}

function showHealth() {
  const list = byId("health");
  list.replaceChildren();
  if (!health.checks.length) list.append(make("li", "empty", "None configured."));
  const rank = (check) => HEALTH_SEVERITY[check.status] ?? 2;
  for (const check of [...health.checks].sort((a, b) => rank(b) - rank(a))) {
    const item = make("li");
    item.dataset.severity = rank(check);
    const mark = make("span", "mark", { pass: "✓", fail: "✕" }[check.status] || "!");
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", check.status);
    const text = make("div", "", check.name + (check.critical ? " (critical)" : ""));
    const details = [check.output, check.duration_ms === undefined ? "" : check.duration_ms + " ms"].filter(Boolean).join("  ·  ");
    text.append(make("small", "", details));
    item.append(mark, text);
    list.append(item);
  }
}

function showAges() {
  for (const node of document.querySelectorAll("[data-since]")) node.textContent = "for " + ago(now() - Number(node.dataset.since));
}

// ---- tiles ------------------------------------------------------------------------------------------------------------------

function buildTiles() {
  for (const tile of TILES) {
    const box = make("div", "tile");
    const title = make("h3", "", tile.title);
    tile.value = make("b", "", "–");
    title.append(tile.value);
    tile.legend = make("p", "legend");
    tile.canvas = make("canvas");
    tile.canvas.setAttribute("role", "img");
    tile.parts = tile.lines.map(([, label], i) => {
      if (!label) return null;
      const part = make("span");
      const swatch = make("i");
      swatch.style.background = "var(--s" + (i + 1) + ")";
      const text = make("span");
      part.append(swatch, text);
      tile.legend.append(part);
      return text;
    });
    tile.note_node = tile.note || tile.of ? tile.legend.appendChild(make("span", "", tile.note || "")) : null;
    box.append(title, tile.legend, tile.canvas);
    byId("tiles").append(box);
  }
}

function latest(name) {
  const points = series.get(name);
  return points && points.length ? points[points.length - 1][1] : null;
}

function draw() {
  if (document.hidden) return;
  const style = getComputedStyle(document.documentElement);
  const colors = [1, 2, 3].map((i) => style.getPropertyValue("--s" + i));
  for (const tile of TILES) {
    const values = tile.lines.map(([name]) => latest(name));
    const known = values.filter((v) => v !== null);
    // Rates add up; of shares the worst counts.
    const total = tile.format === rate ? known.reduce((a, b) => a + b, 0) : Math.max(...known);
    tile.value.textContent = known.length ? tile.format(total) : "–";
    tile.parts.forEach((part, i) => {
      if (part) part.textContent = tile.lines[i][1] + " " + (values[i] === null ? "–" : tile.format(values[i]));
    });
    if (tile.of) {
      const [used, all] = tile.of.map(latest);
      const amount = used !== null && all !== null ? bytes(used) + " of " + bytes(all) : "";
      tile.note_node.textContent = [amount, tile.note].filter(Boolean).join(", ");
    }
    tile.canvas.setAttribute("aria-label", tile.title + ", last five minutes, now " + tile.value.textContent);
    plot(tile, colors, style);
  }
}

function plot(tile, colors, style) {
  const canvas = tile.canvas;
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const g = canvas.getContext("2d");
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.clearRect(0, 0, width, height);
  const end = now(), start = end - WINDOW_MS;
  const lines = tile.lines.map(([name]) => (series.get(name) || []).filter(([t]) => t >= start - intervalMs));
  let top = tile.max;
  if (!top) {
    const highest = Math.max(0, ...lines.flat().map(([, v]) => v ?? 0));
    top = Math.max(tile.floor, highest * 1.1);
    if (tile.cap) top = Math.min(tile.cap, top);
  }
  const x = (t) => ((t - start) / WINDOW_MS) * width;
  const y = (v) => height - 2 - (Math.min(v, top) / top) * (height - 4);

  g.strokeStyle = style.getPropertyValue("--grid");
  g.lineWidth = 1;
  g.beginPath();
  for (let minute = 1; minute < 5; minute++) {
    g.moveTo((minute / 5) * width, 0);
    g.lineTo((minute / 5) * width, height);
  }
  for (const part of [0, 0.5, 1]) {
    g.moveTo(0, y(part * top));
    g.lineTo(width, y(part * top));
  }
  g.stroke();

  lines.forEach((points, i) => {
    g.strokeStyle = g.fillStyle = colors[i];
    g.lineWidth = 1.6;
    g.lineJoin = "round";
    for (const run of runs(points)) {
      g.beginPath();
      run.forEach(([t, v], n) => (n ? g.lineTo(x(t), y(v)) : g.moveTo(x(t), y(v))));
      if (run.length === 1) g.lineTo(x(run[0][0]) + 1, y(run[0][1]));
      g.stroke();
      if (lines.length > 1) continue;
      g.lineTo(x(run[run.length - 1][0]), height);
      g.lineTo(x(run[0][0]), height);
      g.globalAlpha = 0.13;
      g.fill();
      g.globalAlpha = 1;
    }
  });
  g.font = "11px system-ui, sans-serif";
  g.strokeStyle = style.getPropertyValue("--card");
  g.lineWidth = 4;
  g.strokeText(tile.format(top), 3, 12);
  g.fillStyle = style.getPropertyValue("--quiet");
  g.fillText(tile.format(top), 3, 12);
}

// Where values are missing the line is broken: a gap is a gap.
function runs(points) {
  const out = [];
  let run = [];
  for (const point of points) {
    const last = run[run.length - 1];
    if (run.length && (point[1] === null || point[0] - last[0] > 2.5 * intervalMs)) {
      out.push(run);
      run = [];
    }
    if (point[1] !== null) run.push(point);
  }
  if (run.length) out.push(run);
  return out;
}

// ---- start ------------------------------------------------------------------------------------------------------------------

buildTiles();
connect();
setInterval(() => {
  showAges();
  if (!live) draw();  // The lines move on, and so the gap shows.
  // A line that died without a reset gives no error, but the ticks stop.
  const silence = Math.max(20 * 1000, 5 * intervalMs);
  if (source && Date.now() - lastEventAt > silence) retry();
}, 1000);
window.addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

// A page that nobody sees needs no stream: browsers allow six connections to one server.
let hiddenTimer = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    hiddenTimer = setTimeout(() => { clearTimeout(retryTimer); disconnect("paused"); }, HIDDEN_CLOSE_MS);
  } else if (!source) {
    attempts = 0;
    connect();
  } else {
    draw();
  }
});
