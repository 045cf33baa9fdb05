"use strict";
// The figures of the run and of the corpus's newest days.

const STAGE_NAMES = { discover: "discovered", fetch: "requested", extract: "fetched", scrub: "extracted", attribute: "scrubbed", store: "attributed" };
const NOT_NEW = new Set(["unchanged", "known", "duplicate"]);
const run = data.run;

function splitRejected(funnel) {
  const entries = Object.entries(funnel.rejected);
  const sum = (test) => entries.filter(([reason]) => test(reason)).reduce((total, [, number]) => total + number, 0);
  return { known: sum((reason) => NOT_NEW.has(reason)), lost: sum((reason) => !NOT_NEW.has(reason)) };
}

function reasons(funnel) {
  return Object.entries(funnel.rejected).map(([reason, number]) => `${reason} ${count(number)}`).join(", ");
}

function showHead() {
  const span = data.days.length ? (data.days.length > 1 ? `${data.days[0]} to ${data.days.at(-1)}` : data.days[0]) : "no day yet";
  byId("title").textContent = run ? `Run of ${moment(run.started_at)} UTC` : "The corpus";
  byId("subtitle").append(...(run ? [`${run.spider} · ${run.finish_reason} after ${count(Math.round(run.seconds))} s · run `, words(run.run_id), ` · stories of ${span}`] : [`stories of ${span}`]));
  document.title = run ? `Copydesk: run ${run.run_id}` : "Copydesk: the corpus";
  const total = run ? run.corpus : { stories: data.by_day.reduce((sum, day) => sum + day.stories, 0), copies: data.by_day.reduce((sum, day) => sum + day.copies, 0) };
  const articles = total.stories + total.copies;
  const added = (name) => (run ? `${count(run.corpus[name] - run.corpus_before[name])} by this run` : null);
  const tiles = [["Stories", count(total.stories), added("stories")], ["Articles", count(articles), added("articles")],
    ["Copies", count(total.copies), articles ? `${Math.round((100 * total.copies) / articles)} % of all articles` : null]];
  if (run) {
    const stages = Object.values(run.stages).map((funnel) => splitRejected(funnel));
    const lost = Object.entries(run.stages).reduce((sum, [stage], place) => sum + (stage === "discover" ? 0 : stages[place].lost), 0);
    tiles.push(["Pages rejected", count(lost), `of ${count(run.stages.fetch.seen)} requested`], ["Sources", count(Object.keys(run.sources).length), `${count(run.endpoints.seen)} feeds and sitemaps asked`]);
    if (run.measures?.pages_per_second) tiles.push(["Pages a second", String(run.measures.pages_per_second), null]);
  }
  byId("tiles").append(...tiles.map(([name, number, small]) => element("div", {}, element("dt", {}, name), element("dd", {}, number, small ? element("small", {}, small) : null))));
  const sections = [...document.querySelectorAll("main section")].filter((section) => !section.hidden);
  byId("contents").append(...sections.map((section) => element("a", { href: `#${section.id}` }, section.querySelector("h2").textContent)));
}

function showProblems() {
  const problems = run ? [...run.problems, ...(run.unbalanced || [])] : [];
  byId("problems").hidden = !problems.length;
  byId("problems").querySelector("ul").append(...problems.map((problem) => element("li", {}, words(problem))));
}

function showFunnel() {
  const place = document.querySelector("#funnel .body");
  if (!run) {
    byId("funnel").hidden = true;
    return;
  }
  const rows = Object.entries(run.stages).map(([stage, funnel]) => ({ name: STAGE_NAMES[stage] || stage, stage, kept: funnel.kept, why: reasons(funnel), ...splitRejected(funnel) }));
  const stories = run.corpus.stories - run.corpus_before.stories;
  const added = run.corpus.articles - run.corpus_before.articles;
  rows.push({ name: "new articles", stage: "log", kept: added, known: 0, lost: 0, why: "" }, { name: "new stories", stage: "corpus", kept: stories, known: 0, lost: 0, why: "" });
  place.append(bars({
    title: "What became of every URL", note: `Each bar is what reached a stage: what went on, what was in hand already, what was rejected there. ${plural(run.endpoints.seen, "feed or sitemap", "feeds and sitemaps")} asked: ${count(run.endpoints.kept)} new${reasons(run.endpoints) ? `, ${reasons(run.endpoints)}` : ""}.`,
    labels: rows.map((row) => row.name), rows,
    series: [{ name: "went on", tint: "kept", values: rows.map((row) => row.kept) }, { name: "not new", tint: "known", values: rows.map((row) => row.known) }, { name: "rejected", tint: "lost", values: rows.map((row) => row.lost) }],
    columns: [["reached", (row) => row.name], ["stage", (row) => row.stage], ["went on", (row) => count(row.kept), true], ["not new", (row) => count(row.known), true], ["rejected", (row) => count(row.lost), true], ["why", (row) => row.why]],
  }));
}

function showTime() {
  const columns = (first) => [first, ["stories", (row) => count(row.stories), true], ["copies", (row) => count(row.copies), true], ["rejected", (row) => count(row.rejected), true]];
  const series = (rows) => [["new stories", "kept", "stories"], ["copies", "copy", "copies"], ["rejected", "lost", "rejected"]].map(([name, tint, key]) => ({ name, tint, values: rows.map((row) => row[key]) }));
  document.querySelector("#time .body").append(
    timeline({ title: "By day", note: "Stories under the day on which they were first seen.", labels: data.by_day.map((row) => row.day.slice(5)), rows: data.by_day, series: series(data.by_day), columns: columns(["day", (row) => row.day]) }),
    timeline({ title: "By run", note: "What each of the last runs added.", labels: data.runs.map((row) => row.started_at.slice(5, 16).replace("T", " ")), rows: data.runs, series: series(data.runs), columns: columns(["run", (row) => words(row.run_id)]) }));
}

function showSources() {
  const rows = data.by_source.map((row) => ({ ...row, share: row.stories + row.copies ? row.copies / (row.stories + row.copies) : 0, run: run?.sources[row.source] }));
  const columns = [["source", (row) => words(row.source)], ["stories", (row) => count(row.stories), true], ["copies", (row) => count(row.copies), true], ["share copied", (row) => `${Math.round(100 * row.share)} %`, true],
    ["as", (row) => Object.entries(row.relations).map(([relation, number]) => `${relation} ${count(number)}`).join(", ")], ["rejected", (row) => count(row.rejected), true]];
  if (run) columns.push(["this run: named", (row) => count(row.run?.discover?.seen), true], ["fetched", (row) => count(row.run?.fetch?.kept), true], ["stored", (row) => count(row.run?.store?.kept), true]);
  const box = bars({
    title: "Yield and duplicates", note: "Articles of each source: those that stand for their story, and copies of another's.", labels: rows.map((row) => row.source), rows, limit: 20, columns,
    series: [{ name: "canonical", tint: "kept", values: rows.map((row) => row.stories) }, { name: "copies", tint: "copy", values: rows.map((row) => row.copies) }],
  });
  box.querySelector("details")?.toggleAttribute("open", !narrow.matches);
  document.querySelector("#sources .body").append(box);
}

function showSyndication() {
  document.querySelector("#syndication .body").append(
    flows({ title: "Between outlets", note: "From the source of the canonical copy to those that ran it.", edges: data.flows.outlets, from: "taken from" }),
    flows({ title: "From agencies", note: "In whose pages agency copy ran.", edges: data.flows.agencies, from: "agency" }));
  document.querySelector("#syndication .body").append(bars({
    title: "Agencies", note: "Articles that carry an agency's copy.", labels: data.agencies.map((row) => row.agency), rows: data.agencies, limit: 12,
    series: [{ name: "articles", tint: "kept", values: data.agencies.map((row) => row.articles) }],
    columns: [["agency", (row) => words(row.agency)], ["stories", (row) => count(row.stories), true], ["articles", (row) => count(row.articles), true], ["sources", (row) => count(row.sources), true]],
  }));
}

function showLosses() {
  const hosts = Object.entries(run?.hosts || {}).map(([host, figures]) => ({ host, ...figures }));
  const one = (rows, key) => [{ name: key, tint: key === "mean_ms" ? "known" : "lost", values: rows.map((row) => row[key]) }];
  document.querySelector("#losses .body").append(
    bars({ title: "Rejected pages, by reason", note: "Of these days, all runs.", labels: data.rejected.map((row) => row.reason), rows: data.rejected, limit: 10, series: one(data.rejected, "pages"), columns: [["reason", (row) => row.reason], ["stage", (row) => row.stage], ["pages", (row) => count(row.pages), true], ["sources", (row) => count(row.sources), true]] }),
    bars({ title: "Lines cut, by reason", note: "Pieces that are not the article; each is kept in its row.", labels: data.removed.map((row) => row.reason), rows: data.removed, limit: 10, series: [{ name: "pieces", tint: "copy", values: data.removed.map((row) => row.pieces) }], columns: [["reason", (row) => row.reason], ["pieces", (row) => count(row.pieces), true]] }),
    bars({ title: "Slowest hosts", note: "Mean milliseconds to answer, this run.", labels: hosts.map((row) => row.host), rows: hosts, limit: 10, series: one(hosts, "mean_ms"), columns: [["host", (row) => words(row.host)], ["answers", (row) => count(row.answers), true], ["mean ms", (row) => count(row.mean_ms), true], ["slowest ms", (row) => count(row.slowest_ms), true]] }));
}

function showFoot() {
  byId("left-out").append(...data.left_out.map((sentence) => element("li", {}, `Left out of this page: ${sentence}.`)));
  byId("made").textContent = `Made ${moment(data.generated_at)} UTC by Copydesk, with Chart.js, chartjs-chart-sankey and jsdiff. This page asks nothing of the network.`;
}

for (const show of [showProblems, showFunnel, showTime, showSources, showSyndication, showLosses, showHead, showFoot]) show();
drawCharts();
