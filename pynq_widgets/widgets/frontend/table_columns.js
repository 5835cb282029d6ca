// The columns of a register table: how wide each is (`room` in pixels at least, `most` where it may grow), and what stands in it. `make`
// builds a cell once, `still` fills what the design says (when the cell comes to another line), `live` what the hardware says.

const MANY_CHIPS = 12;

/** What is known of how true a value is: [kind, word, what it means]. */
function freshness(t, line) {
  const { store } = t;
  const { guard, row } = line.reg;
  if (!line.reg.reachable) return ["none", line.reg.bits > 64 ? `${Math.ceil(line.reg.bits / 8)} bytes` : "not reachable", line.reg.bits > 64 ? `An array: ${guard}` : guard];
  const reason = store.reasons.get(row) ?? "";
  const age = ageText(store.age(row));
  switch (store.state(row)) {
    case "read":
      if (age) return ["aging", `${age} ago`, `Read ${age} ago${guard ? `; read only when asked for: ${guard}` : ", not since"}`];
      return ["read", "now", guard ? `Read when asked for: ${guard}` : "Read from the device now"];
    case "written": return ["written", "written", `Written${age ? ` ${age} ago` : " now"}, not read back: not verified`];
    case "mismatch": return ["mismatch", "differs", reason || "It was written, read back, and holds something else"];
    case "stale": return ["stale", "stale", `Stale: ${reason || "it may have changed since"}`];
    default:
      if (guard) return ["guarded", line.reg.code === "W" ? "write-only" : "on request", `Not read by itself: ${guard}`];
      return ["never", "never read", reason || "Not read yet"];
  }
}

/** A field's value as it stands behind its name: without the zeros before it. */
const shortDigits = (field, value, t) => digits(value, field.width, t.radixOf(field), field.note.labels).replace(/^0x0*(?=.)/, "0x");

/** All fields of a register, one a line: what its chips have no room for. */
function fieldsText(line, t) {
  return line.fields.map((field) => { const value = t.valueOf(field); return value === null ? field.name : `${field.name} = ${shortDigits(field, value, t)}`; }).join("\n");
}

const COLUMNS = {
  name: {
    label: "Name",
    room: (t) => (t.width < 560 ? Math.min(Math.ceil(t.longest * 7.3) + 34, 200) : 130),
    most: (t) => Math.max(140, Math.min(300, Math.ceil(t.longest * 7.3) + 52)),
    make(cell, parts, t) {
      parts.twist = make("span", { class: "pw-reg-twist", "aria-hidden": "true" });
      parts.label = make("span", { class: "pw-reg-label" });
      parts.star = make("button", { type: "button", class: "pw-reg-star", tabindex: "-1" });
      cell.append(parts.twist, parts.label, parts.star);
    },
    still(cell, parts, line) {
      setText(parts.label, line.name);
      cell.title = [line.name, line.text].filter(Boolean).join("\n");
      parts.star.hidden = Boolean(line.field) || !line.readable;
    },
    live(cell, parts, line, t) {
      if (line.field) return;
      const on = t.starred.has(line.row);
      setText(parts.star, on ? "★" : "☆");
      parts.star.setAttribute("aria-pressed", String(on));
      parts.star.setAttribute("aria-label", `Watch ${line.name}`);
      parts.star.title = on ? "Watched: read also out of sight. Press to stop (s)" : "Watch: keep reading it, with a line of its history (s)";
    },
  },
  address: {
    label: "Address",
    room: (t) => Math.ceil(t.addressRoom * 7.3) + 14,
    still(cell, parts, line) {
      const top = line.field && line.field.bit + line.field.width - 1;
      setText(cell, line.field ? (line.field.width > 1 ? `[${top}:${line.field.bit}]` : `[${line.field.bit}]`) : line.address);
      cell.title = line.field ? `bits of ${line.reg.name}` : `offset 0x${line.offset.toString(16)}`;
    },
  },
  value: {
    label: "Value",
    // Ten digits at least: a word may hold more than the design says that its register is wide. The rest is the place of the mark's sign.
    room: (t) => Math.ceil(Math.max(t.valueRoom, 10) * 7.3) + 28,
    make(cell, parts) {
      parts.text = make("span", { class: "pw-reg-text" });
      cell.append(parts.text);
    },
    still(cell, parts, line) {
      const { text } = parts;
      text.classList.toggle("pw-reg-bit", line.isBit);
      text.classList.toggle("pw-reg-edit", line.writable && !line.isBit);
      text.classList.toggle("pw-reg-fixed", !line.writable);
    },
    live(cell, parts, line, t) {
      const value = t.valueOf(line);
      const text = value === null ? UNKNOWN : digits(value, line.width, t.radixOf(line), line.note.labels);
      setText(parts.text, text);
      const before = t.store.before(line.row);
      const then = before === null ? null : line.field ? fieldOf(before, line.field) : before;
      const differs = then !== null && then !== value;
      cell.classList.toggle("pw-reg-delta", differs);
      const size = line.field || line.reachable ? line.width : line.reg.bits;
      parts.text.title = `${text === UNKNOWN ? "" : `${text}, `}${size === 1 ? "1 bit" : `${size} bits`}${differs ? `\nat the mark: ${digits(then, line.width, t.radixOf(line), line.note.labels)}` : ""}`;
      if (line.isBit) parts.text.dataset.on = String(value === 1n);
      else delete parts.text.dataset.on;
      const fade = Math.min(1, Math.log10(1 + (t.store.states[line.row] === 1 ? t.store.age(line.row) : 0) / 2) / 2);
      cell.style.setProperty("--fade", `${Math.round(fade * 100)}%`);
    },
  },
  fields: {
    label: "Fields",
    room: () => 84,
    most: () => Infinity,
    still(cell, parts, line) {
      cell.replaceChildren();
      parts.chips = [];
      // A field that is all of its register says what the value says; reserved ones say nothing.
      const telling = line.field ? [] : line.fields.filter((field) => field.width < line.width && !/^reserved/i.test(field.name));
      for (const field of telling.slice(0, MANY_CHIPS)) {
        const value = make("b", {});
        const chip = make("span", { class: "pw-reg-chip" }, field.name, value);
        parts.chips.push([field, chip, value]);
        cell.append(chip);
      }
      const more = telling.length - MANY_CHIPS;
      if (more > 0) cell.append(make("span", { class: "pw-quiet" }, `+${more}`));
      if (line.field) setText(cell, line.text);
      cell.title = line.field ? line.text : "";
    },
    live(cell, parts, line, t) {
      for (const [field, chip, node] of parts.chips ?? []) {
        const value = t.valueOf(field);
        setText(node, value === null ? "" : `=${shortDigits(field, value, t)}`);
        chip.classList.toggle("pw-reg-zero", !value);
      }
    },
  },
  reset: {
    label: "Reset",
    room: (t) => Math.ceil(Math.max(t.valueRoom, 6) * 7.3) + 14,
    live(cell, parts, line, t) {
      setText(cell, line.reset === null ? "" : digits(line.reset, line.width, t.radixOf(line), line.note.labels));
      const differs = isNotReset(t.valueOf(line), line);
      cell.classList.toggle("pw-reg-moved", differs);
      cell.title = differs ? "The value after a reset; it is another now" : "The value after a reset";
    },
  },
  access: {
    label: "Access",
    room: () => 58,
    still(cell, parts, line) {
      const codes = new Map();
      for (const field of line.field ? [] : line.fields) codes.set(field.code, [...(codes.get(field.code) ?? []), field.name]);
      const special = [...codes.keys()].some((code) => code !== line.code && code !== "R");
      setText(cell, codes.size === 1 && line.code === "RW" ? [...codes.keys()][0] : line.code + (special ? "*" : ""));
      cell.title = [accessWords(line.code), ...[...codes].map(([code, names]) => `${code}: ${names.slice(0, 20).join(", ")}`)].join("\n");
    },
  },
  effects: {
    label: "Side effects",
    room: () => 120,
    most: () => 220,
    still(cell, parts, line) {
      const told = line.field ? [line.field.effects] : [line.guard, ...line.fields.filter((field) => field.field.effects).map((field) => `${field.name}: ${field.field.effects}`)];
      setText(cell, told.filter(Boolean).join("; "));
      cell.title = told.filter(Boolean).join("\n");
    },
  },
  unit: {
    label: "Unit",
    room: () => 84,
    live(cell, parts, line, t) {
      setText(cell, physical(t.valueOf(line), line));
    },
  },
  state: {
    label: "Freshness",
    room: (t) => (t.anyGuard ? 122 : t.width < 560 ? 88 : 104),
    make(cell, parts) {
      parts.dot = make("span", { class: "pw-reg-dot", "aria-hidden": "true" });
      parts.word = make("span", { class: "pw-reg-word" });
      parts.read = make("button", { type: "button", tabindex: "-1", class: "pw-reg-read", hidden: true, "aria-label": "Read" }, "↻");
      cell.append(parts.dot, parts.word, parts.read);
    },
    still(cell, parts, line) {
      parts.read.hidden = Boolean(line.field) || !line.guard || !line.readable;
      parts.read.title = `Read it now: ${line.guard}`;
    },
    live(cell, parts, line, t) {
      const [kind, word, why] = line.field ? ["", "", ""] : freshness(t, line);
      parts.dot.dataset.kind = t.editor.busy(line) ? "busy" : kind;
      setText(parts.word, t.editor.busy(line) ? "waiting…" : word);
      cell.title = why;
    },
  },
  history: {
    label: "History",
    room: () => 78,
    make(cell, parts) {
      parts.canvas = make("canvas", { class: "pw-reg-history", "aria-hidden": "true", hidden: true });
      cell.append(parts.canvas);
    },
    still(cell, parts, line, t) {
      parts.canvas.hidden = Boolean(line.field) || !t.starred.has(line.row);
    },
    live(cell, parts, line, t) {
      const wanted = !line.field && t.starred.has(line.row);
      if (parts.canvas.hidden === wanted) parts.canvas.hidden = !wanted;
    },
  },
};

/** Which of these columns have room in `width` pixels: where it is short, what matters least goes first, and freshness never. */
function columnsFor(t, chosen, width) {
  const kept = new Set(chosen);
  // A name that is cut tells less than an address: where both do not fit, the name stays whole.
  const total = () => [...kept].reduce((sum, name) => sum + COLUMNS[name].room(t), 0);
  for (const name of ["effects", "unit", "reset", "fields", "access", "address", "history"]) if (total() > width) kept.delete(name);
  return kept;
}

function accessWords(code) {
  const plain = { R: "only read", W: "only written", RW: "read and written" }[code];
  if (plain) return `${code}: ${plain}`;
  const [, read = "", write = ""] = code.match(/^(RC|RS|R)?(.*)$/);
  const reads = { R: "can be read", RC: "cleared by reading", RS: "set by reading", "": "cannot be read" }[read];
  const act = write.match(/^W([01])([CST])$/);
  const writes = act ? `writing ${act[1]} ${{ C: "clears", S: "sets", T: "toggles" }[act[2]]}` : { W: "can be written", "": "cannot be written", WC: "any write clears", WS: "any write sets" }[write] ?? "";
  return `${code}: ${reads}, ${writes}`;
}
