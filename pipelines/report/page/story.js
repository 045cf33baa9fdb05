"use strict";
// One story: its copies side by side, what differs marked, and what was cut from each page.

const DIFF_MILLISECONDS = 1500;
const UNSPACED = /[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]/;
const dialog = byId("story");
let asked = null;

/** The parts of two texts: {value, added, removed}; by words, by paragraphs where that takes too long. */
function differences(one, other) {
  const options = { timeout: DIFF_MILLISECONDS };
  if (UNSPACED.test(one) || UNSPACED.test(other)) return Diff.diffChars(one, other, options) || Diff.diffLines(one, other);
  return closeGaps(Diff.diffWordsWithSpace(one, other, options) || Diff.diffLines(one, other));
}

/** Let a change run on over the spaces between its words. */
function closeGaps(parts) {
  const isChange = (part) => part && (part.added || part.removed);
  return parts.flatMap((part, place) => {
    const isGap = !isChange(part) && !part.value.trim() && isChange(parts[place - 1]) && isChange(parts[place + 1]);
    return isGap ? [{ value: part.value, removed: true }, { value: part.value, added: true }] : [part];
  });
}

/** The parts of one side, or of both when nothing is hidden; neighbours of one kind in one mark. */
function marked(parts, hidden) {
  const joined = [];
  for (const part of parts.filter((one) => !one[hidden])) {
    const name = part.added ? "ins" : part.removed ? "del" : "span";
    if (joined.at(-1)?.name === name) joined.at(-1).value += part.value;
    else joined.push({ name, value: part.value });
  }
  return joined.map(({ name, value }) => element(name, {}, value));
}

function facts(article) {
  const pairs = [["published", moment(article.published)], ["fetched", moment(article.fetched)], ["by", article.authors.join(", ")], ["agency", article.agencies.join(", ")], ["dateline", article.dateline],
    ["taken from", article.syndicated_from], ["contributors", article.contributors.join(" ")], ["copyright", article.copyright], ["words", count(article.words)],
    ["alike", article.jaccard == null ? null : `Jaccard ${article.jaccard}, containment ${article.containment}`], ["id", article.id]];
  return element("dl", { class: "facts" }, pairs.filter(([, value]) => value).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, words(value))]));
}

function articleView(article, role, text) {
  const cut = article.removed.map(([reason, piece]) => element("li", {}, element("span", { class: "chip" }, reason), element("s", {}, words(piece))));
  const more = article.removed_count - article.removed.length;
  return element("article", {},
    element("p", { class: "role" }, role), element("h3", {}, words(article.title || "(no title)")), element("p", { class: "muted" }, words(article.source), " · ", link(article.url)),
    article.standfirst ? element("p", {}, words(article.standfirst)) : null,
    facts(article), element("div", { class: "text", dir: "auto" }, text, article.cut_short ? element("span", { class: "muted" }, "\n\n[The rest is left out of this page.]") : null),
    element("details", { open: cut.length ? "" : null }, element("summary", {}, `${plural(article.removed_count, "piece")} cut from the page`), element("ul", { class: "cut" }, cut, more > 0 ? element("li", { class: "muted" }, `and ${count(more)} more`) : null)),
    element("details", {}, element("summary", {}, `How it is known (${article.provenance.length})`), table([["field", (row) => row[0]], ["value", (row) => words(row[1])], ["signal", (row) => row[2]], ["evidence", (row) => words(row[3])], ["sure", (row) => row[4], true]], article.provenance)));
}

function showArticles(box, canonical, copy, merged) {
  if (!copy) {
    box.className = "columns";
    box.replaceChildren(articleView(canonical, "the only copy", [canonical.text]));
    return;
  }
  const parts = differences(canonical.text, copy.text);
  box.className = merged ? "columns" : "columns two";
  const legend = element("p", { class: "muted" }, element("del", {}, "only in the canonical copy"), " ", element("ins", {}, `only in this ${copy.relation}`));
  if (merged) box.replaceChildren(legend, articleView(copy, `${copy.relation} of the canonical copy, merged`, marked(parts)));
  else box.replaceChildren(articleView(canonical, "canonical copy", marked(parts, "added")), articleView(copy, copy.relation, marked(parts, "removed")));
}

function choice(label, buttons, chosen, choose) {
  const made = buttons.map((text, index) => {
    const button = element("button", { type: "button", "aria-pressed": String(index === chosen) }, words(text));
    button.addEventListener("click", () => {
      made.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      choose(index);
    });
    return button;
  });
  return element("div", { class: "choices", role: "group", "aria-label": label }, element("span", { class: "label" }, label), made);
}

function openStory(story) {
  asked = document.activeElement;
  const [canonical, ...copies] = data.details[story.id] || [];
  const close = element("button", { type: "button" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const body = element("div", { class: "story-body" });
  if (!canonical) {
    body.append(element("p", {}, "Its texts are left out to keep this page small. On the terminal: ", element("code", {}, `scrapy explain ${story.id}`)));
  } else {
    const box = element("div", {});
    const state = { copy: 0, merged: narrow.matches };
    const show = () => showArticles(box, canonical, copies[state.copy], state.merged);
    if (copies.length) body.append(
      choice("Compare with", copies.map((copy) => `${copy.source} (${copy.relation})`), 0, (index) => { state.copy = index; show(); }),
      choice("View", ["side by side", "merged"], Number(state.merged), (index) => { state.merged = index === 1; show(); }));
    if (story.count > copies.length) body.append(element("p", { class: "muted" }, `${plural(story.count - copies.length, "more copy", "more copies")}: scrapy explain ${story.id}`));
    show();
    body.append(box);
  }
  dialog.replaceChildren(element("div", { class: "story-head" }, element("h2", { id: "story-title" }, words(story.title || "(no title)")), close), body);
  dialog.showModal();
  dialog.scrollTop = 0;
  history.replaceState(null, "", `#story=${story.id}`);
}

function openAsked() {
  const story = data.stories.find(({ id }) => location.hash === `#story=${id}`);
  if (story && !dialog.open) openStory(story);
}

dialog.addEventListener("close", () => {
  history.replaceState(null, "", "#stories");
  asked?.focus();
});
addEventListener("hashchange", openAsked);
openAsked();
