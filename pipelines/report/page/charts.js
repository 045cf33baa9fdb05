"use strict";
// Charts by Chart.js in the colours of the style sheet, each with its figures as a table for those who cannot see it.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const drawn = [];
const narrow = matchMedia("(max-width: 46rem)");

/** Draw the total at the end of each horizontal bar. */
const totals = {
  id: "totals",
  afterDatasetsDraw(chart) {
    if (chart.options.indexAxis !== "y") return;
    const { ctx } = chart;
    ctx.save();
    ctx.font = `12px ${colour("sans")}`;
    ctx.fillStyle = colour("muted");
    ctx.textBaseline = "middle";
    chart.data.labels.forEach((_, index) => {
      const visible = chart.data.datasets.map((set, place) => [set.data[index] || 0, chart.getDatasetMeta(place).data[index]]);
      const total = visible.reduce((sum, [number]) => sum + number, 0);
      const end = Math.max(...visible.map(([, bar]) => bar.x));
      ctx.fillText(count(total), end + 6, visible[0][1].y);
    });
    ctx.restore();
  },
};

/** A figure with a caption, a chart and its table; series are {name, colour, values}. */
function figure({ title, note, rows, columns, make, height, legend = [] }) {
  const canvas = element("canvas", { role: "img", "aria-label": `${title}. ${note || ""} The figures follow as a table.` });
  const plot = element("div", { class: "plot" }, canvas);
  plot.style.height = `${height}px`;
  const box = element("figure", {},
    element("figcaption", {}, element("h3", {}, title), note ? element("p", {}, note) : null),
    legend.length ? element("ul", { class: "legend", "aria-hidden": "true" }, legend.map(([name, tint]) => element("li", {}, element("i", { class: tint }), name))) : null,
    rows.length ? plot : element("p", { class: "muted" }, "Nothing to show."),
    rows.length ? element("details", { class: "figures" }, element("summary", {}, "Figures"), table(columns, rows)) : null);
  if (rows.length) drawn.push({ canvas, make, chart: null });
  return box;
}

/** Draw what was made, again when light becomes dark or the other way. */
function drawCharts() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  Chart.defaults.color = colour("muted");
  Chart.defaults.borderColor = colour("line");
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  for (const entry of drawn) {
    entry.chart?.destroy();
    entry.chart = new Chart(entry.canvas, entry.make(entry.canvas.parentElement.clientWidth));
  }
}

const datasets = (series) => series.map(({ name, tint, values }) => ({ label: name, data: values, backgroundColor: colour(tint), borderWidth: 0, maxBarThickness: 22, borderRadius: 2 }));

/** Horizontal bars, stacked: one line per label. */
function bars({ title, note, labels, series, columns, rows, limit = 15 }) {
  const shown = labels.slice(0, limit);
  const more = labels.length - shown.length;
  const parts = series.map((one) => ({ ...one, values: one.values.slice(0, limit) }));
  return figure({
    title, rows, columns, note: more > 0 ? `${note} The first ${limit} of ${labels.length}.` : note, height: shown.length * 27 + 12, legend: series.length > 1 ? series.map(({ name, tint }) => [name, tint]) : [],
    make: (width) => ({
      type: "bar",
      data: { labels: shown.map((label) => shorten(label, Math.floor(width / 19))), datasets: datasets(parts) },
      options: {
        indexAxis: "y",
        layout: { padding: { right: 46 } },
        plugins: { legend: { display: false } },
        scales: { x: { stacked: true, display: false, beginAtZero: true }, y: { stacked: true, grid: { display: false }, border: { display: false }, ticks: { autoSkip: false, color: colour("ink") } } },
      },
      plugins: [totals],
    }),
  });
}

/** Upright bars over time, stacked. */
function timeline({ title, note, labels, series, columns, rows }) {
  return figure({
    title, note, rows, columns, height: 230, legend: series.map(({ name, tint }) => [name, tint]),
    make: () => ({
      type: "bar",
      data: { labels, datasets: datasets(series).map((set) => ({ ...set, maxBarThickness: 40 })) },
      options: {
        plugins: { legend: { display: false } },
        interaction: { mode: "index", intersect: false },
        scales: { x: { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 12 } }, y: { stacked: true, beginAtZero: true, ticks: { precision: 0, maxTicksLimit: 5 }, border: { display: false } } },
      },
    }),
  });
}

/** Flows from left to right: who gave, who ran it. A name may stand on both sides. */
function flows({ title, note, edges, from, limit = 24 }) {
  const shown = edges.slice(0, limit);
  const label = (key) => shorten(key.slice(2), 20);
  const sides = ["from", "to"].map((side) => new Set(shown.map((edge) => edge[side])).size);
  return figure({
    title, rows: edges, note: edges.length > limit ? `${note} The strongest ${limit} of ${edges.length}.` : note, height: Math.max(...sides, 3) * 34 + 30,
    columns: [[from, (edge) => words(edge.from)], ["ran in", (edge) => words(edge.to)], ["articles", (edge) => count(edge.articles), true]],
    make: () => ({
      type: "sankey",
      data: {
        datasets: [{
          data: shown.map((edge) => ({ from: `< ${edge.from}`, to: `> ${edge.to}`, flow: edge.articles })),
          labels: Object.fromEntries(shown.flatMap((edge) => [`< ${edge.from}`, `> ${edge.to}`]).map((key) => [key, label(key)])),
          colorFrom: colour("kept"), colorTo: colour("copy"), colorMode: "gradient", alpha: 0.45, color: colour("ink"), borderWidth: 0, nodeWidth: 8, nodePadding: 16, size: "max",
        }],
      },
      options: { plugins: { legend: { display: false }, tooltip: { callbacks: { label: ({ raw }) => `${label(raw.from)} → ${label(raw.to)}: ${plural(raw.flow, "article")}` } } } },
    }),
  });
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCharts);
