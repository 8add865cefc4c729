"use strict";
// Whatever comes from a log is set as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const ROW_TEXT = 400; // characters of a row; all of a text stands in what unfolds
  const BLOCK = 100; // rows that are built together, when they come near to being seen
  const ROW_HEIGHT = 23; // pixels; page.css makes it so
  const $ = (id) => document.getElementById(id);
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  const code = (character) => {
    const number = character.charCodeAt(0);
    return number < 256 ? "\\x" + number.toString(16).padStart(2, "0") : "\\u{" + number.toString(16) + "}";
  };
  // A text in one row: what does not show, or turns the direction, by its number.
  const visible = (text) => (text.length > ROW_TEXT ? text.slice(0, ROW_TEXT) + "…" : text)
    .replace(/\s+$/, "").replace(/\r?\n/g, " ↵ ").replace(HIDDEN, code);
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const day = (timestamp) => {
    const date = new Date(timestamp);
    return Number.isNaN(date.getTime()) ? "" : MONTHS[date.getUTCMonth()] + " " + String(date.getUTCDate()).padStart(2, "0") + " ";
  };
  const clock = (timestamp) => {
    const date = new Date(timestamp);
    if (Number.isNaN(date.getTime())) return String(timestamp);
    return date.toISOString().slice(11, 23);
  };

  // The rows: as many for an entry as it has events or lines, whichever is more.
  const rows = [];
  for (const entry of data.entries) {
    const [events, lines, notes] = entry;
    for (const line of lines) {
      line.text ??= events[0].message;
      line.shown ??= line.text;
    }
    for (let number = 0; number < Math.max(events.length, lines.length); number++) {
      rows.push({ entry, event: events[number], line: lines[number], notes: number ? [] : notes, first: number === 0 });
    }
  }

  const rowOf = new Map(); // by its element

  function build(row) {
    const item = make("div", row.first ? "row entry" : "row"), details = make("details"), summary = make("summary");
    const time = make("time"), at = (row.line || row.event).time;
    time.append(make("span", "day", day(at)), clock(at));
    const event = make("span", "in", row.event ? visible(row.event.message) : "");
    summary.append(time, event);
    const what = make("span", "line");
    if (row.line) {
      const level = make("span", "level " + row.line.severity + (row.line.from === "text" ? " text" : ""));
      level.append(make("span", "", (row.line.severity || row.line.level).slice(0, 6)));
      if (row.line.level) level.title = row.line.from === "text" ? row.line.level + ", as read off the text" : row.line.level;
      const host = make("span", "host", visible(row.line.host)), app = make("span", "app", visible(row.line.app));
      [host.title, app.title] = [row.line.host, row.line.app];
      summary.append(level, host, app);
      what.append(make("span", "what", visible(row.line.shown)));
    } else {
      item.classList.add("no-line", ...(row.notes.length ? [] : ["silent"]));
      summary.append(make("span", "level"), make("span", "host"), make("span", "app"));
    }
    for (const [kind, text] of row.notes) {
      if (kind === "names") continue; // which most rows have: they show it unfolded
      const note = make("span", "note " + kind, row.line ? kind : kind + ": " + text);
      note.title = text;
      what.append(note);
    }
    summary.append(what);
    details.append(summary);
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(unfold(row));
    });
    item.setAttribute("role", "listitem");
    item.append(details);
    rowOf.set(item, row);
    return item;
  }

  function fields(of, prefix, into) {
    for (const [name, value] of Object.entries(of)) {
      if (value !== null && typeof value === "object" && !Array.isArray(value)) fields(value, prefix + name + ".", into);
      else into.push([prefix + name, typeof value === "string" ? value : JSON.stringify(value)]);
    }
    return into;
  }

  function list(pairs) {
    const found = make("dl");
    for (const [name, value] of pairs) found.append(make("dt", "", name), make("dd", "", value));
    return found;
  }

  function unfold(row) {
    const panel = make("div", "unfolded"), left = make("section"), right = make("section");
    left.append(make("h2", "", "CloudWatch event"));
    let told; // the place that the event before was of
    for (const event of row.first && row.entry[0].length > 1 ? row.entry[0] : row.event ? [row.event] : row.entry[0].slice(0, 1)) {
      const [owner, group, stream, filters] = data.places[event.place];
      const place = [["group", group], ["stream", stream], ["account", owner], ...(filters.length ? [["filters", filters.join(", ")]] : [])];
      left.append(make("pre", "", event.message), list([
        ["time", new Date(event.time).toJSON() || String(event.time)], ["id", event.id], ...(event.place === told ? [] : place),
      ]));
      told = event.place;
    }
    right.append(make("h2", "", row.line ? "Line at Mezmo" : "No line"));
    const notes = make("ul", "notes");
    for (const [kind, text] of row.entry[2]) {
      const note = make("li");
      note.append(make("b", "", kind + ": "), text);
      notes.append(note);
    }
    if (row.line) {
      right.append(make("pre", "", row.line.text), list([
        ...(row.line.host ? [["host", row.line.host]] : []), ...(row.line.tags ? [["tags", row.line.tags]] : []), ...fields(row.line.rest, "", []),
      ]));
    }
    if (row.entry[2].length) panel.append(notes);
    panel.append(left, right);
    return panel;
  }

  // Filters
  const NONE = "\u0000none";
  function choices(select, title, values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    select.append(new Option(title, ""));
    for (const [value, count] of [...counts].sort((a, b) => b[1] - a[1])) {
      select.append(new Option((value === NONE ? "none" : visible(value)) + " (" + count.toLocaleString("en") + ")", value));
    }
    select.hidden = counts.size === 0;
  }
  const levelOf = (line) => line.severity || line.level || NONE;
  const lines = rows.filter((row) => row.line).map((row) => row.line);
  choices($("host"), "All hosts", lines.map((line) => line.host).filter(Boolean));
  choices($("app"), "All apps", lines.map((line) => line.app));
  choices($("level"), "All levels", lines.map(levelOf));
  choices($("note"), "Anything done", rows.flatMap((row) => row.notes.map((note) => note[0])));

  function passes(row, wanted) {
    if (wanted.alone && !row.line) return false;
    if (wanted.host && (!row.line || row.line.host !== wanted.host)) return false;
    if (wanted.app && (!row.line || row.line.app !== wanted.app)) return false;
    if (wanted.level && (!row.line || levelOf(row.line) !== wanted.level)) return false;
    if (wanted.note && !row.entry[2].some((note) => note[0] === wanted.note)) return false;
    if (!wanted.text) return true;
    row.haystack ??= [row.event && row.event.message, row.line && row.line.text, row.line && row.line.shown].join("\n").toLowerCase();
    return row.haystack.includes(wanted.text);
  }
  let passing = []; // the rows that pass, in order
  let blocks = []; // an element for each BLOCK of them
  function fill(number) {
    const block = blocks[number];
    if (!block || block.firstChild) return;
    const first = number * BLOCK;
    passing.slice(first, first + BLOCK).forEach((row, place) => {
      row.item ??= build(row);
      row.item.setAttribute("aria-posinset", first + place + 1);
      row.item.setAttribute("aria-setsize", passing.length);
      block.append(row.item);
    });
    block.style.minHeight = "";
    near.unobserve(block);
  }
  const near = new IntersectionObserver(
    (seen) => seen.filter((one) => one.isIntersecting).forEach((one) => fill(blocks.indexOf(one.target))),
    { rootMargin: "1500px" },
  );
  function apply() {
    const wanted = { text: $("text").value.toLowerCase(), alone: !$("beside").checked };
    for (const name of ["host", "app", "level", "note"]) {
      wanted[name] = $(name).value;
      $(name).classList.toggle("on", $(name).value !== "");
    }
    document.body.classList.toggle("alone", wanted.alone);
    passing = rows.filter((row) => passes(row, wanted));
    passing.forEach((row, place) => (row.place = place));
    near.disconnect();
    blocks = [];
    for (let first = 0; first < passing.length; first += BLOCK) {
      const block = make("div");
      block.setAttribute("role", "presentation");
      block.style.minHeight = Math.min(BLOCK, passing.length - first) * ROW_HEIGHT + "px";
      blocks.push(block);
    }
    $("rows").replaceChildren(...blocks);
    fill(0);
    blocks.slice(1).forEach((block) => near.observe(block));
    $("none").hidden = passing.length > 0;
    $("shown").value = passing.length.toLocaleString("en") + " of " + rows.length.toLocaleString("en") + (rows.length === 1 ? " row" : " rows");
  }
  function clear() {
    $("filters").reset();
    apply();
    $("text").focus();
  }
  let waiting = 0;
  $("text").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 80);
  });
  $("filters").addEventListener("change", apply);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", clear);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input[type=search], select");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      $("text").focus();
    } else if (event.key === "Escape" && event.target === $("text")) {
      $("text").value = "";
      apply();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !typing) {
      const current = document.activeElement.closest(".row");
      const place = current ? rowOf.get(current).place + (event.key === "ArrowDown" ? 1 : -1) : 0;
      fill(Math.floor(place / BLOCK));
      if (passing[place]) {
        event.preventDefault();
        passing[place].item.querySelector("summary").focus();
      }
    }
  });

  $("summary").textContent = data.summary;
  for (const [name, value] of data.facts) {
    const pair = make("div");
    pair.append(make("dt", "", name), make("dd", "", value));
    $("facts").append(pair);
  }
  if (data.table) {
    const table = make("table"), head = make("thead"), body = make("tbody");
    const addRow = (into, cells, name) => {
      const line = make("tr");
      cells.forEach((cell, column) => line.append(make(column ? name : "th", "", cell)));
      into.append(line);
    };
    addRow(head, data.table[0], "th");
    data.table.slice(1).forEach((cells) => addRow(body, cells, "td"));
    table.append(head, body);
    $("table").append(table);
  }

  window.addEventListener("beforeprint", () => blocks.forEach((_, number) => fill(number)));
  apply();
  document.body.dataset.ready = "";
})();
