// Which lines of a register table are shown: what was searched for, and what changed.

/** A test of one search: each word is in the name, the address or the description, or is an address within the register. */
function searchFor(text) {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
    const number = /^0x[0-9a-f_]+$/.test(word) ? BigInt(word.replaceAll("_", "").padEnd(3, "0")) : null;
    return [word, number];
  });
  const within = (number, start, line) => number >= start && number < start + BigInt(Math.max(4, Math.ceil(line.bits / 8)));
  return {
    any: words.length > 0,
    hits(line) {
      return words.every(([word, number]) => {
        line.sought ??= `${line.name} ${line.field ? "" : line.address} ${line.text}`.toLowerCase();
        if (line.sought.includes(word)) return true;
        return number !== null && !line.field && (within(number, line.place, line) || within(number, BigInt(line.offset), line));
      });
    },
  };
}

const FILTERS = {
  starred: { label: "Starred only", keep: (t, line) => t.starred.has(line.row) },
  reset: { label: "Changed from reset", surveys: true, keep: (t, line) => isNotReset(t.store.values[line.row], line) },
  mark: { label: "Changed since mark", surveys: true, keep: (t, line) => t.store.before(line.row) !== null },
};

function isNotReset(value, line) {
  const reset = line.reset;
  return value !== null && reset !== null && value !== reset;
}

/** The lines to show, in order: registers that pass the filters and the search, and the fields of those that are unfolded. */
function chosenLines(t) {
  const search = searchFor(t.search);
  const filters = Object.keys(FILTERS).filter((name) => t.filters.has(name)).map((name) => FILTERS[name]);
  const told = t.found.text === t.search ? t.found.rows : null; // rows whose cut description has the words
  const lines = [];
  for (const line of t.sheet.lines) {
    if (!filters.every((filter) => filter.keep(t, line))) continue;
    const self = !search.any || search.hits(line) || Boolean(told?.has(line.row));
    if (!search.any || self) {
      line.shownOpen = line.open && line.fields.length > 0;
      lines.push(line);
      if (line.shownOpen) lines.push(...line.fields);
      continue;
    }
    const fields = line.fields.filter((field) => search.hits(field));
    if (!fields.length) continue;
    line.shownOpen = true;
    lines.push(line, ...fields);
  }
  return lines;
}
