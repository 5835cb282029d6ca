// What a register table knows: the facts of the design, sent once, and the words, sent as they change (joined before table.js).

const STATES = ["never", "read", "written", "stale", "mismatch"];
const HISTORY = 120; // values that are kept of a starred register

/** A column of the sheet (a list, one value for all, or numbers that grow evenly), by row. */
function columnReader(column) {
  if (Array.isArray(column)) return (row) => column[row];
  if ("all" in column) return () => column.all;
  return (row) => column.from + row * column.step;
}

/** One line of the table: a register (`field` is null) or one of its fields. What is seldom asked for is made when it is. */
class Line {
  constructor(sheet, row, field, index) {
    this.sheet = sheet;
    this.row = row;
    this.field = field;
    this.reg = this;
    this.key = field === null ? `${row}` : `${row}.${index}`;
    this.open = false;
    this.shownOpen = false;
  }
  get name() { return this.field ? this.field.name : this.sheet.read.name(this.row); }
  get id() { return this.field ? `${this.reg.name}.${this.field.name}` : this.name; }
  get offset() { return this.sheet.read.offset(this.row); }
  get place() { return this.sheet.base + BigInt(this.offset); }
  get address() { return "0x" + this.place.toString(16).padStart(8, "0"); }
  get bits() { return this.sheet.read.bits(this.row); }
  get width() { return this.field ? this.field.width : Math.min(Math.max(this.bits, 1), 64); }
  get code() { return this.field ? this.field.code : this.sheet.read.access(this.row); }
  get guard() { const guard = this.sheet.read.guard(this.row); return guard < 0 ? "" : this.sheet.guards[guard]; }
  get reachable() { return !this.sheet.unreachable.has(this.row); }
  get text() { return this.sheet.texts[this.textIndex] ?? ""; }
  get textIndex() { return this.field ? this.field.text : this.sheet.read.text(this.row); }
  get note() { return this.sheet.notes.get(this.id) ?? {}; }
  get reset() {
    const reset = this.sheet.read.reset(this.row);
    if (reset === null) return null;
    return this.field ? fieldOf(BigInt(reset), this.field) : BigInt(reset);
  }
  get fields() {
    this.children ??= (this.field ? [] : this.sheet.layout(this.row)).map((field, index) => {
      const line = new Line(this.sheet, this.row, field, index);
      line.reg = this;
      return line;
    });
    return this.children;
  }
  get writable() { return this.reachable && this.code.includes("W") && this.reg.code.includes("W"); }
  get readable() { return this.reachable && this.reg.code.includes("R"); }
  get isBit() { return this.field !== null && this.width === 1; }
}

const fieldOf = (word, field) => (word >> BigInt(field.bit)) & ((1n << BigInt(field.width)) - 1n);

/** The facts of the design, as `table_sheet.py` writes them. */
class Sheet {
  constructor(json) {
    const content = JSON.parse(json);
    this.count = content.count;
    this.base = BigInt(content.base ?? 0);
    this.read = Object.fromEntries(Object.entries(content.columns).map(([key, column]) => [key, columnReader(column)]));
    this.unreachable = new Set(content.unreachable);
    this.guards = content.guards;
    this.texts = content.texts;
    this.cut = new Set(content.cut.flatMap(([first, count]) => Array.from({ length: count }, (_, k) => first + k)));
    const names = ["name", "bit", "width", "code", "effects", "text"];
    this.layouts = content.layouts.map((fields) => fields.map((field) => Object.fromEntries(names.map((name, k) => [name, field[k]]))));
    this.lines = Array.from({ length: this.count }, (_, row) => new Line(this, row, null, 0));
    this.notes = new Map();
    for (const [row, field, note] of content.notes) {
      if (note.labels) note.labels = new Map(note.labels.map(([value, label]) => [BigInt(value), label]));
      this.notes.set(field ? `${this.read.name(row)}.${field}` : this.read.name(row), note);
    }
  }
  layout(row) {
    const layout = this.read.layout(row);
    return layout < 0 ? [] : this.layouts[layout];
  }
}

/** The last words and states that the kernel sent, one entry a register, and since when they are known. */
class Store {
  constructor(count) {
    this.values = new Array(count).fill(null);
    this.states = new Uint8Array(count);
    this.since = new Float64Array(count).fill(NaN);
    this.reasons = new Map();
    this.marks = null; // values at the time of the mark, by row
    this.histories = new Map(); // starred rows: [[time, value], …]
    this.stride = 2;
    this.sampled = [];
    this.polledAt = NaN;
  }

  /** Take one frame; returns the set of registers it holds. Each entry: row | state << 24 | known << 31, then the words, low first. */
  take(content, buffers, now = performance.now()) {
    const touched = new Set();
    this.stride = content.stride ?? this.stride;
    if (content.sampled) {
      this.settle();
      this.sampled = content.sampled;
    }
    if (content.polled !== undefined) this.polledAt = now - 1000 * content.polled;
    const [data, ages] = (buffers ?? []).map((view) => (view instanceof DataView ? view : new DataView(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength)));
    if (!data) return touched;
    const size = 4 * this.stride;
    for (let at = 0, index = 0; at + size <= data.byteLength; at += size, index++) {
      const head = data.getUint32(at, true);
      const row = head & 0xffffff;
      if (row >= this.values.length) continue;
      let value = 0n;
      for (let k = this.stride - 1; k > 0; k--) value = (value << 32n) | BigInt(data.getUint32(at + 4 * k, true));
      this.values[row] = head >>> 31 ? value : null;
      this.states[row] = (head >>> 24) & 0x7f;
      this.since[row] = now - 1000 * (ages ? ages.getFloat32(4 * index, true) : 0);
      this.reasons.delete(row);
      touched.add(row);
      const history = this.histories.get(row);
      if (history && this.values[row] !== null && history.at(-1)?.[1] !== value) {
        history.push([now, value]);
        if (history.length > HISTORY) history.shift();
      }
    }
    for (const [row, reason] of content.reasons ?? []) this.reasons.set(row, reason);
    return touched;
  }

  /** What was sampled until now is as old as the last reading. */
  settle() {
    for (const [first, count] of this.sampled)
      for (let row = first; row < first + count && row < this.since.length; row++) if (this.states[row] === 1 && this.polledAt > this.since[row]) this.since[row] = this.polledAt;
  }

  state(row) { return STATES[this.states[row]] ?? "never"; }

  /** Seconds since the value of `row` was read or written; NaN where it never was. */
  age(row, now = performance.now()) {
    let since = this.since[row];
    if (this.states[row] === 1 && this.polledAt > since && this.sampled.some(([first, count]) => row >= first && row < first + count)) since = this.polledAt;
    return Math.max(0, now - since) / 1000;
  }

  mark() { this.marks = this.values.slice(); }

  /** The value at the mark where it differs from now; else null. */
  before(row) {
    const then = this.marks?.[row] ?? null;
    return then !== null && this.values[row] !== null && then !== this.values[row] ? then : null;
  }

  /** Keep a history of these rows, and of no others. */
  follow(rows) {
    for (const row of this.histories.keys()) if (!rows.has(row)) this.histories.delete(row);
    for (const row of rows) if (!this.histories.has(row)) this.histories.set(row, this.values[row] === null ? [] : [[performance.now(), this.values[row]]]);
  }
}
