"use strict";
// Elements from data. Words of strangers only ever become text nodes: nothing here reads markup.

/** Return an element; attributes that are null are left out, children are nodes or text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) made.setAttribute(key, value);
  made.append(...children.flat().filter((child) => child != null).map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return made;
}

/** Words of a page, set apart so that their direction of writing does not reach beyond them. */
const words = (text) => element("bdi", { dir: "auto" }, text);

/** A link for an http(s) address, plain text for any other. */
function link(url, label = url) {
  let parsed = null;
  try { parsed = new URL(url); } catch { /* no address at all */ }
  if (!parsed || !["http:", "https:"].includes(parsed.protocol)) return words(label);
  return element("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer nofollow" }, words(label));
}

const byId = (id) => document.getElementById(id);
const count = (number) => Number(number || 0).toLocaleString("en");
const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
const moment = (iso) => (iso ? iso.slice(0, 16).replace("T", " ") : "");
const shorten = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** A table with a header; columns are [heading, row => cell, is a number]. */
function table(columns, rows) {
  const cells = (row) => columns.map(([, cell, isNumber], place) => element(place ? "td" : "th", { class: isNumber ? "number" : null, scope: place ? null : "row" }, cell(row)));
  return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table, scrolls" }, element("table", {},
    element("thead", {}, element("tr", {}, columns.map(([heading, , isNumber]) => element("th", { scope: "col", class: isNumber ? "number" : null }, heading)))),
    element("tbody", {}, rows.map((row) => element("tr", {}, cells(row))))));
}

const data = JSON.parse(byId("data").textContent);
