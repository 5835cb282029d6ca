// Which lines of a register table are shown: what was searched for, and what changed.

/**
 * A test of one search: each word is in the name, the address or the description, or is an address within the register. Of a field also
 * what its register has counts, as long as one word is the field's own; a word with a point is looked for in `REGISTER.FIELD`.
 */
function searchFor(text) {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
    const number = /^0x[0-9a-f_]+$/.test(word) ? BigInt(word.replaceAll("_", "").padEnd(3, "0")) : null;
    return [word, number];
  });
  const addresses = words.map(([, number]) => number).filter((number) => number !== null);
  const within = (number, start, line) => number >= start && number < start + BigInt(Math.max(4, Math.ceil(line.bits / 8)));
  return {
    any: words.length > 0,
    addresses,
    has(line, word, number) {
      line.sought ??= `${line.name} ${line.field ? "" : line.address} ${line.text}`.toLowerCase();
      if (line.sought.includes(word)) return true;
      if (line.field) return word.includes(".") && line.id.toLowerCase().includes(word);
      return number !== null && (within(number, line.place, line) || within(number, BigInt(line.offset), line));
    },
    hits(line) {
      if (!line.field) return words.every(([word, number]) => this.has(line, word, number));
      let own = false;
      return words.every(([word, number]) => {
        const mine = this.has(line, word, number);
        own ||= mine;
        return mine || this.has(line.reg, word, number);
      }) && own;
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

/** Why nothing is shown, and what to do about it. */
function whyNone(t) {
  const { sheet } = t;
  const count = sheet.count === 1 ? "1 register" : `${sheet.count} registers`;
  if (!sheet.count) return "No registers";
  const [address] = searchFor(t.search).addresses;
  if (t.filters.size || address === undefined) return `None of ${count} is shown: change the search or the filter`;
  const [first, last] = [sheet.lines[0], sheet.lines.at(-1)];
  const end = last.place + BigInt(Math.max(4, Math.ceil(last.bits / 8))) - 1n;
  const where = `0x${address.toString(16).padStart(8, "0")}`;
  if (address >= first.place && address <= end) return `No register holds the address ${where}`;
  return `${where} is not here: these registers stand from ${first.address} to 0x${end.toString(16).padStart(8, "0")}`;
}
