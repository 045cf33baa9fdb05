"use strict";
// The searchable table of stories.

const PAGE = 50;
const collator = new Intl.Collator("en");
const ORDERS = {
  copies: (one, other) => other.count - one.count || collator.compare(one.title, other.title),
  newest: (one, other) => collator.compare(other.fetched, one.fetched),
  title: (one, other) => collator.compare(one.title, other.title),
};
const fold = (text) => text.normalize("NFKD").replace(/\p{Diacritic}/gu, "").toLowerCase();
let shownRows = PAGE;

/** Everything by which a story can be found; its texts too where the page holds them. */
const haystacks = new Map(data.stories.map((story) => [story.id, fold([
  story.id, story.title, story.source, story.from || "", ...story.agencies, ...story.copies.map(([source]) => source),
  ...(data.details[story.id] || []).flatMap((article) => [article.id, article.title || "", article.url, article.text]),
].join("\n"))]));

function findStories() {
  const wanted = fold(byId("query").value).split(/\s+/).filter(Boolean);
  const source = byId("by-source").value;
  return data.stories.filter((story) => wanted.every((word) => haystacks.get(story.id).includes(word))
    && (!source || story.source === source || story.copies.some(([name]) => name === source))
    && (!byId("only-copied").checked || story.count > 0) && (!byId("only-run").checked || story.run)).sort(ORDERS[byId("order").value]);
}

function storyRow(story) {
  const also = story.copies.slice(0, 8).map(([source, relation]) => element("span", { class: "chip", title: relation }, words(source), ` ${relation}`));
  const button = element("button", { class: "title", type: "button" }, words(story.title || "(no title)"));
  button.addEventListener("click", () => openStory(story));
  return element("tr", { "data-story": story.id },
    element("td", {}, button),
    element("td", { "data-label": "From" }, words(story.source), story.from ? element("span", { class: "muted" }, " via ", words(story.from)) : null),
    element("td", story.agencies.length ? { "data-label": "Agency" } : {}, story.agencies.map((agency) => element("span", { class: "chip" }, words(agency)))),
    element("td", also.length ? { "data-label": "Also in" } : {}, also, story.count > also.length ? element("span", { class: "muted" }, `and ${count(story.count - also.length)} more`) : null),
    element("td", { "data-label": "Fetched" }, moment(story.fetched)),
    element("td", { class: "number", "data-label": "Words" }, count(story.words)));
}

function showStories() {
  const found = findStories();
  byId("rows").replaceChildren(...found.slice(0, shownRows).map(storyRow));
  byId("found").textContent = `${plural(found.length, "story", "stories")}${found.length > shownRows ? `, the first ${shownRows} shown` : ""}`;
  byId("more").hidden = found.length <= shownRows;
}

function searchAnew() {
  shownRows = PAGE;
  showStories();
}

byId("by-source").append(...[...new Set(data.stories.flatMap((story) => [story.source, ...story.copies.map(([source]) => source)]))].sort().map((source) => element("option", { value: source }, source)));
for (const id of ["query", "by-source", "order", "only-copied", "only-run"]) byId(id).addEventListener("input", searchAnew);
document.querySelector(".search").addEventListener("submit", (event) => event.preventDefault());
byId("more").addEventListener("click", () => { shownRows += PAGE; showStories(); });
showStories();
