// The bits of the chosen register: numbers, values and fields, as a register page draws them. Each bit is a button; a writable one is
// toggled by the same path as a typed value.

function rulerOf(t) {
  const root = make("div", { class: "pw-ruler", hidden: true });
  const tip = make("div", { class: "pw-ruler-tip pw-quiet", "aria-live": "off" });
  let line = null; // the register drawn
  let perLine = 0;
  let roomThen = 0;
  let bits = []; // one { node, field, bit } a bit, the lowest first
  let segments = [];
  let asked = null;

  const wanted = () => (t.model.get("ruler") && t.active?.reg.reachable ? t.active.reg : null);

  function build(width, room) {
    root.replaceChildren();
    bits = new Array(line.width);
    segments = [];
    const over = new Array(line.width).fill(null);
    for (const field of line.fields)
      for (let bit = field.field.bit; bit < Math.min(field.field.bit + field.width, line.width); bit++) over[bit] = field;
    const strips = Math.ceil(line.width / width);
    const columns = Math.min(width, line.width);
    const cell = Math.min(30, (room - 20) / columns);
    for (let strip = strips - 1; strip >= 0; strip--) {
      const [low, high] = [strip * width, Math.min(line.width, (strip + 1) * width) - 1];
      const grid = make("div", { class: "pw-ruler-strip", role: "presentation" });
      grid.style.setProperty("--bits", columns);
      const place = (node, bit, count, row) => {
        node.style.gridColumn = `${columns - (bit - low) - count + 1} / span ${count}`;
        node.style.gridRow = String(row);
        grid.append(node);
      };
      for (let bit = high; bit >= low; bit--) {
        const field = over[bit];
        place(make("span", { class: `pw-ruler-number${bit % 4 === 0 ? " pw-ruler-nibble" : ""}`, "aria-hidden": "true" }, String(bit)), bit, 1, 1);
        const node = make("button", { type: "button", class: "pw-ruler-bit", tabindex: "-1", "data-bit": bit });
        if (bit % 4 === 0 && bit !== low) node.classList.add("pw-ruler-nibble");
        bits[bit] = { node, field, bit, can: canWrite(field) };
        node.classList.toggle("pw-ruler-can", bits[bit].can);
        place(node, bit, 1, 2);
      }
      for (const field of line.fields) {
        const [from, to] = [Math.max(field.field.bit, low), Math.min(field.field.bit + field.width - 1, high)];
        if (from > to) continue;
        const node = make("span", { class: "pw-ruler-field", title: field.name, "data-field": field.name }, make("span", {}, field.name));
        segments.push({ node, field });
        place(node, from, to - from + 1, 3);
        // A name that is longer than its bits are wide stands upright.
        node.classList.toggle("pw-ruler-upright", field.name.length * 6.1 > (to - from + 1) * cell - 3);
      }
      root.append(grid);
    }
    root.append(tip);
    const first = bits.findLastIndex?.((bit) => bit.can) ?? line.width - 1;
    bits[first < 0 ? line.width - 1 : first].node.tabIndex = 0;
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", `Bits of ${line.name}`);
  }

  const canWrite = (field) => !t.model.get("read_only") && line.reachable && line.code.includes("W") && (field ? field.code.includes("W") : line.fields.length === 0);

  function paint() {
    const next = wanted();
    root.hidden = !next;
    if (!next) {
      line = null;
      return;
    }
    const room = root.parentNode?.clientWidth ?? 700;
    const width = room >= 600 ? 32 : room >= 300 ? 16 : 8;
    if (next !== line || width !== perLine || (room !== roomThen && room < 1000)) {
      line = next;
      perLine = width;
      roomThen = room;
      tip.replaceChildren();
      build(width, room);
      hint();
    }
    const word = t.store.values[line.row];
    for (const { node, field, bit, can } of bits) {
      const value = word === null ? null : (word >> BigInt(bit)) & 1n;
      const text = value === null ? UNKNOWN : value.toString();
      if (node.textContent === text && node.dataset.can === String(can)) continue;
      setText(node, text);
      node.dataset.can = String(can);
      node.setAttribute("aria-pressed", String(value === 1n));
      node.setAttribute("aria-label", `Bit ${bit}${field ? `, ${field.name}` : ""}: ${value === null ? "not known" : text}`);
      if (can) node.removeAttribute("aria-disabled");
      else node.setAttribute("aria-disabled", "true");
    }
    for (const { node, field } of segments) node.classList.toggle("pw-ruler-active", field === t.active);
  }

  function hint() {
    setText(tip, line.fields.length ? "Point at a bit to see its field" : "This register has no fields in the design");
  }

  /** What is under the mouse or has the focus: its field, and what a press would do. */
  function tell(one) {
    if (!one) return hint();
    const { field, bit, can } = one;
    const value = field ? t.valueOf(field) : null;
    const top = field && field.field.bit + field.width - 1;
    const parts = field
      ? [make("b", {}, field.name), ` [${field.width > 1 ? `${top}:` : ""}${field.field.bit}] `, value === null ? "" : `= ${digits(value, field.width, t.radixOf(field), field.note.labels)}`, ` · ${field.code}`, field.field.effects ? ` (${field.field.effects})` : "", field.text ? ` · ${field.text}` : ""]
      : [make("b", {}, `Bit ${bit}`), line.fields.length ? " belongs to no field" : ""];
    tip.replaceChildren(make("div", {}, ...parts));
    tip.firstChild.title = tip.textContent;
    if (!can) return;
    const steps = make("div", {});
    tip.append(steps);
    const content = { act: "toggle", bit, to: flipped(bit) };
    asked = t.editor.ask(line, { kind: "preview", ...content }, (answer) => {
      if (asked === answer.tag && !answer.error) steps.replaceChildren("A click would ", make("span", { class: "pw-reg-steps" }, ...stepsText(answer.steps)), make("span", { class: "pw-reg-care" }, careFor(line, answer.steps) && ` · ${careFor(line, answer.steps)}`));
    });
  }

  const flipped = (bit) => {
    const word = t.store.values[line.row];
    return word !== null && (word >> BigInt(bit)) & 1n ? 0 : 1;
  };

  function press(one) {
    if (!one) return;
    if (!one.can) {
      const why = t.model.get("read_only") ? "This table only shows: nothing can be written here." : one.field || !line.fields.length ? `${one.field ? one.field.name : line.name} is read-only.` : `Bit ${one.bit} belongs to no field.`;
      return t.editor.fail(line, why);
    }
    t.editor.act(line, { act: "toggle", bit: one.bit, to: flipped(one.bit) }, () => tell(one));
  }

  const oneOf = (target) => {
    const bit = target.closest?.("[data-bit]")?.dataset.bit;
    if (bit !== undefined) return bits[Number(bit)];
    const field = target.closest?.("[data-field]")?.dataset.field;
    return field === undefined ? null : bits.find((one) => one.field?.name === field);
  };
  root.addEventListener("pointerover", (event) => oneOf(event.target) && tell(oneOf(event.target)));
  root.addEventListener("pointerleave", () => line && !root.contains(document.activeElement) && hint());
  root.addEventListener("focusin", (event) => {
    const one = oneOf(event.target);
    if (!one) return;
    for (const { node } of bits) node.tabIndex = node === one.node ? 0 : -1;
    tell(one);
  });
  root.addEventListener("click", (event) => event.target.closest(".pw-ruler-bit") && press(oneOf(event.target)));
  root.addEventListener("keydown", (event) => {
    const one = oneOf(event.target);
    if (!one || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: 1, ArrowRight: -1, ArrowUp: perLine, ArrowDown: -perLine, Home: bits.length - 1 - one.bit, End: -one.bit }[event.key];
    if (step !== undefined) bits[one.bit + step]?.node.focus();
    else if (event.key === "Escape" || event.key === "b") t.grid.focus({ preventScroll: true });
    else return;
    event.preventDefault();
  });

  return { root, paint, enter: () => root.querySelector("[tabindex='0']")?.focus() };
}
