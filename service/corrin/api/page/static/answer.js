// Charts of results over time, drawn from the tables beside them; the tables stay.

let library;

document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => prepare(document));
else prepare(document);

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#']");
  const target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
});

async function prepare(root) {
  const found = [...(root.querySelectorAll?.("[data-trend]:not([data-drawn])") ?? [])];
  if (!found.length) return;
  for (const one of found) one.dataset.drawn = "";
  try {
    await uplot();
  } catch {
    return; // the table says it all
  }
  for (const one of found) if (one.isConnected) draw(one);
}

// Only where there is something to draw: its address is that of the style sheet beside it.
function uplot() {
  library ??= new Promise((done, failed) => {
    if (window.uPlot) return done();
    const style = document.querySelector("link[href*='/vendor/uplot.min.css']");
    const script = document.createElement("script");
    script.src = new URL("uplot.min.js", style.href).href;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
  return library;
}

const seconds = (time) => Date.parse(time) / 1000;
const figure = (text) => (text === "" || text === undefined ? null : Number(text));

function read(place) {
  const points = [];
  for (const row of place.querySelectorAll("[data-point]")) {
    const time = row.querySelector("time")?.dateTime;
    if (!time || !row.querySelector("data")) continue;
    const low = figure(row.dataset.low);
    const high = figure(row.dataset.high);
    points.push({ at: seconds(time), value: low ?? high, low, high, standing: row.dataset.standing });
  }
  points.sort((a, b) => a.at - b.at);
  const cuts = [...place.querySelectorAll("[data-cut]")].map((cut) => ({ value: Number(cut.value), text: cut.textContent }));
  const given = [...place.querySelectorAll("[data-given]")].flatMap((one) => {
    const time = one.querySelector("time")?.dateTime;
    return time ? [{ at: seconds(time), till: one.dataset.until ? seconds(one.dataset.until) : null }] : [];
  });
  return { points, cuts, given };
}

function draw(place) {
  const { points, cuts, given } = read(place);
  if (points.length < 2) return;
  const holder = document.createElement("div");
  holder.className = "chart";
  holder.setAttribute("role", "img");
  holder.setAttribute("aria-label",
    `${place.dataset.label} over time, ${points.length} results; the table below holds each of them.`);
  const key = document.createElement("ul");
  key.className = "chart-key";
  const told = [
    ["● used", (one) => one.standing === "used"],
    ["○ another was used", (one) => one.standing === "earlier"],
    ["✕ not fit to be used", (one) => one.standing === "not used"],
    ["│ known in part: somewhere along the line, thick where used", (one) => one.low !== one.high],
  ].filter(([, holds]) => points.some(holds)).map(([text]) => text);
  if (cuts.length) told.push("╌ cut-off");
  if (given.length) told.push("▲ vitamin B12 given");
  for (const text of told) {
    const item = document.createElement("li");
    item.textContent = text;
    key.append(item);
  }
  place.querySelector("details").before(holder, key);

  const times = points.map((one) => one.at);
  // What is not fit to be used sets no scale and is joined to nothing; it shows at the edge.
  const fit = points.filter((one) => one.standing !== "not used");
  const bottom = Number(place.dataset.bottom);
  const top = Number(place.dataset.top);
  const stamps = [...times, ...given.map((one) => one.at)];
  const first = Math.min(...stamps);
  const last = Math.max(...stamps);
  const room = Math.max((last - first) * 0.06, 43200);
  let chart;
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    return { ink: of("--ink"), quiet: of("--quiet"), line: of("--line"), strong: of("--strong"), urgent: of("--urgent"), paper: of("--paper") };
  };
  const make = () => {
    const c = colours();
    const axis = { stroke: c.quiet, grid: { stroke: c.line, width: 1 }, ticks: { stroke: c.line } };
    chart?.destroy();
    chart = new window.uPlot(
      {
        width: Math.max(holder.clientWidth, 240), height: 230,
        padding: [14, 44, 0, 0],
        cursor: { show: false }, legend: { show: false },
        scales: { x: { time: true, range: [first - room, last + room] }, y: { range: [bottom, top] } },
        axes: [
          { ...axis, values: (_, at) => at.map((time) => new Date(time * 1000).toISOString().slice(0, 10)), space: 72 },
          { ...axis, label: place.dataset.unit, labelSize: 22, size: 58 },
        ],
        series: [{}, { stroke: c.quiet, width: 1, points: { show: false } }],
        hooks: { draw: [(u) => marks(u, points, cuts, given, c)] },
      },
      joined(fit.length ? fit : points, fit.length > 0),
      holder,
    );
  };
  make();
  let width = holder.clientWidth;
  const resized = new ResizeObserver(() => {
    if (!holder.isConnected) return leave();
    if (holder.clientWidth === width || !holder.clientWidth) return;
    width = holder.clientWidth;
    chart.setSize({ width: Math.max(width, 240), height: 230 });
  });
  const again = () => (holder.isConnected ? make() : leave());
  const theme = new MutationObserver(again);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // Another answer takes the place of this one: nothing is to hold on to its values.
  const leave = () => {
    resized.disconnect();
    theme.disconnect();
    dark.removeEventListener("change", again);
    chart.destroy();
  };
  resized.observe(holder);
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  dark.addEventListener("change", again);
}

// What the line goes through: exact values; it stops where one is known only in part.
function joined(points, fit) {
  return [
    points.map((one) => one.at),
    points.map((one) => (fit && one.low === one.high ? one.value : null)),
  ];
}

function marks(u, points, cuts, given, c) {
  const { ctx, bbox } = u;
  const ratio = window.devicePixelRatio || 1;
  const x = (at) => u.valToPos(at, "x", true);
  const y = (value) => Math.min(Math.max(u.valToPos(value, "y", true), bbox.top), bbox.top + bbox.height);
  ctx.save();
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.lineWidth = 1.5 * ratio;
  for (const one of given) {
    ctx.fillStyle = c.urgent;
    const foot = bbox.top + bbox.height;
    const left = x(one.at);
    if (one.till && one.till > one.at) {
      ctx.fillRect(left, foot - 3 * ratio, Math.min(x(one.till), bbox.left + bbox.width) - left, 3 * ratio);
    }
    shape(ctx, [[left, foot - 10 * ratio], [left - 5 * ratio, foot], [left + 5 * ratio, foot]]);
  }
  ctx.strokeStyle = ctx.fillStyle = c.ink;
  ctx.setLineDash([6 * ratio, 4 * ratio]);
  let above = -Infinity;
  for (const cut of [...cuts].sort((a, b) => b.value - a.value)) {
    const at = y(cut.value);
    ctx.beginPath();
    ctx.moveTo(bbox.left, at);
    ctx.lineTo(bbox.left + bbox.width, at);
    ctx.stroke();
    if (at - above > 14 * ratio) {
      ctx.fillText(cut.text, bbox.left + 4 * ratio, at - 4 * ratio);
      above = at;
    }
  }
  ctx.setLineDash([]);
  for (const one of points) {
    const at = x(one.at);
    ctx.strokeStyle = ctx.fillStyle = c.strong;
    ctx.lineWidth = (one.low !== one.high && one.standing === "used" ? 4 : 2) * ratio;
    if (one.low !== one.high) {
      const low = one.low === null ? bbox.top + bbox.height : y(one.low);
      const high = one.high === null ? bbox.top : y(one.high);
      ctx.beginPath();
      ctx.moveTo(at, low);
      ctx.lineTo(at, high);
      for (const [end, open, turn] of [[low, one.low === null, -1], [high, one.high === null, 1]]) {
        const back = end + (open ? 7 * ratio * turn : 0); // an arrow where it is open, else a stop
        ctx.moveTo(at - 6 * ratio, back);
        ctx.lineTo(at, end);
        ctx.lineTo(at + 6 * ratio, back);
      }
      ctx.stroke();
    }
    const middle = y(one.value);
    const r = 5 * ratio;
    ctx.beginPath();
    if (one.standing === "not used") {
      ctx.moveTo(at - r, middle - r);
      ctx.lineTo(at + r, middle + r);
      ctx.moveTo(at + r, middle - r);
      ctx.lineTo(at - r, middle + r);
    } else if (one.low === one.high) {
      ctx.arc(at, middle, r, 0, 2 * Math.PI);
      ctx.fillStyle = one.standing === "used" ? c.strong : c.paper;
      ctx.fill();
    }
    ctx.stroke();
  }
  ctx.restore();
}

function shape(ctx, corners) {
  ctx.beginPath();
  for (const [x, y] of corners) ctx.lineTo(x, y);
  ctx.closePath();
  ctx.fill();
}
