// A register table: virtual rows over one store of words, binary frames in, edits out. What a person types goes to the kernel as text
// and comes back as an acknowledgement; the page never claims a value that the kernel has not sent.

const ROW = 24;
const UNKNOWN = "–";
const ONE_ACTS = ["oneToClear", "oneToSet", "oneToToggle"];
const ZERO_ACTS = ["zeroToClear", "zeroToSet", "zeroToToggle"];
const ACT_WORDS = {
  oneToClear: "writing 1 clears it", oneToSet: "writing 1 sets it", oneToToggle: "writing 1 toggles it",
  zeroToClear: "writing 0 clears it", zeroToSet: "writing 0 sets it", zeroToToggle: "writing 0 toggles it",
  clear: "any write clears it", set: "any write sets it",
};

function render({ model, el }) {
  const uid = `pw-reg-${Math.random().toString(36).slice(2)}`;
  const registers = model.get("registers");
  const store = new Store(registers);
  const wide = Math.max(8, ...registers.map((reg) => reg.address.length));

  const title = make("span", { class: "pw-title" }, model.get("title"));
  const live = make("span", { class: "pw-badge pw-reg-live" });
  const filter = make("input", { type: "search", placeholder: "Find name or address", title: "Registers and fields, by name, address or description", "aria-label": "Find registers", spellcheck: "false" });
  const fold = make("button", { type: "button", title: "Unfold or fold the fields of all registers", "aria-pressed": "false" }, "Fields");
  const radices = make("span", { class: "pw-reg-radix", role: "group", "aria-label": "Values as" });
  for (const radix of ["hex", "dec", "bin"]) radices.append(make("button", { type: "button", "data-radix": radix }, radix));
  const alert = make("div", { class: "pw-alert", role: "status", hidden: true });
  const head = make("div", { class: "pw-reg-row pw-reg-head", role: "row", "aria-rowindex": "1" });
  for (const [name, label] of [["name", "Name"], ["address", "Address"], ["value", "Value"], ["access", "Access"], ["state", "State"]])
    head.append(make("span", { class: `pw-reg-${name}`, role: "columnheader" }, label));
  const body = make("div", { class: "pw-reg-body", role: "rowgroup" });
  const tip = make("div", { class: "pw-reg-error", role: "alert", hidden: true });
  const grid = make(
    "div",
    { class: "pw-reg-grid", role: "treegrid", tabindex: "0", "aria-label": `Registers of ${model.get("title")}` },
    make("div", { role: "rowgroup", class: "pw-reg-headgroup" }, head),
    body,
  );
  const foot = make("div", { class: "pw-reg-foot pw-quiet" });
  const spoken = make("div", { class: "pw-sr", "aria-live": "polite" });
  const root = make("div", { class: "pw pw-reg" }, make("div", { class: "pw-bar" }, title, live, make("span", { class: "pw-grow" }), filter, fold, radices), alert, grid, foot, spoken);
  root.style.setProperty("--address", wide);
  keepKeys(root);
  el.append(root);

  // One entry a line on the screen: a register (field === null) or one of its fields.
  const entries = registers.map((reg, row) => ({
    key: `${row}`, row, reg, field: null, width: reg.width, access: reg.access, open: false,
    search: [reg.name, reg.address, reg.text].join(" ").toLowerCase(),
    fields: reg.fields.map((field, index) => ({
      key: `${row}.${index}`, row, reg, field, width: field.width, access: field.access, search: [field.name, field.text].join(" ").toLowerCase(),
    })),
  }));
  let lines = [];
  let active = null;
  let edit = null; // { key, text, error, waiting }
  let failed = null; // { key, text }
  let serial = 0;
  let seen = 0;
  let heard = performance.now();
  let state = { live: false, rate: 0, problem: "" };
  const waiting = new Map();
  const pool = [];

  const writable = (line) => line.reg.reachable && line.access !== "read-only" && line.reg.access !== "read-only";
  const bit = (line) => line.field !== null && line.width === 1 && writable(line);
  const valueOf = (line) => {
    const word = store.values[line.row];
    if (word === null || line.field === null) return word;
    return (word >> BigInt(line.field.bit)) & ((1n << BigInt(line.field.width)) - 1n);
  };
  const textOf = (line) => {
    const value = valueOf(line);
    return value === null ? UNKNOWN : digits(value, line.width, model.get("radix"));
  };

  function layout() {
    const words = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const hit = (line) => words.every((word) => line.search.includes(word));
    lines = [];
    for (const entry of entries) {
      const self = hit(entry);
      const fields = words.length && !self ? entry.fields.filter(hit) : entry.fields;
      if (words.length && !self && !fields.length) continue;
      lines.push(entry);
      entry.shownOpen = entry.fields.length > 0 && (entry.open || (words.length > 0 && !self));
      if (entry.shownOpen) lines.push(...fields);
    }
    if (active && !lines.includes(active)) active = lines.find((line) => line.row === active.row) ?? null;
    body.style.height = `${lines.length * ROW}px`;
    grid.setAttribute("aria-rowcount", lines.length + 1);
    fold.setAttribute("aria-pressed", String(entries.some((entry) => entry.open)));
    paint();
  }

  function makeLine() {
    const parts = {};
    const node = make("div", { class: "pw-reg-row", role: "row" });
    for (const name of ["name", "address", "value", "access", "state"]) {
      parts[name] = make("span", { class: `pw-reg-${name}`, role: "gridcell" });
      node.append(parts[name]);
    }
    parts.twist = make("span", { class: "pw-reg-twist", "aria-hidden": "true" });
    parts.label = make("span", { class: "pw-reg-label" });
    parts.name.append(parts.twist, parts.label);
    parts.text = make("span", { class: "pw-reg-text" });
    parts.value.append(parts.text);
    parts.word = make("span", { class: "pw-reg-word" });
    parts.read = make("button", { type: "button", tabindex: "-1", class: "pw-reg-read", hidden: true }, "Read");
    parts.state.append(parts.word, parts.read);
    const line = { node, parts, key: null, shown: null };
    node.addEventListener("mousedown", (event) => {
      if (event.target.tagName !== "INPUT") setTimeout(() => !edit && grid.focus({ preventScroll: true }));
    });
    node.addEventListener("click", (event) => {
      const at = lines[line.index];
      if (!at || event.target.tagName === "INPUT") return;
      focusOn(at);
      if (event.target === parts.read) ask(at);
      else if (event.target === parts.twist) toggleOpen(at);
      else if (event.target === parts.text) bit(at) ? flip(at) : begin(at);
    });
    node.addEventListener("dblclick", (event) => parts.name.contains(event.target) && event.target !== parts.twist && toggleOpen(lines[line.index]));
    return line;
  }

  function stateWord(line) {
    const guard = line.reg.guard;
    if (!line.reg.reachable) return [line.reg.bits > 64 ? `array, ${Math.ceil(line.reg.bits / 8)} bytes` : "not reachable", guard];
    switch (store.states[line.row]) {
      case "read": return guard ? ["read on request", guard] : ["read", "The value that was last read from the device"];
      case "written": return ["written", "The value that was last written; it has not been read back"];
      case "stale": return ["stale", store.reasons[line.row] || "The value may no longer be so"];
      default: return guard ? [line.reg.access === "write-only" ? "write-only" : "not read", guard] : ["never read", "Not read yet"];
    }
  }

  /** Bring one line of the pool to what `line` says now; a change of the same line's value is highlighted. */
  function paintLine(slot, line, index) {
    const { node, parts } = slot;
    slot.index = index;
    if (slot.key !== line.key) {
      slot.key = line.key;
      slot.shown = null;
      node.id = `${uid}-${line.key.replace(".", "-")}`;
      node.dataset.row = line.reg.name;
      if (line.field) node.dataset.field = line.field.name;
      else delete node.dataset.field;
      node.setAttribute("aria-level", line.field ? 2 : 1);
      setText(parts.label, line.field ? line.field.name : line.reg.name);
      parts.name.title = (line.field ? line.field.text : line.reg.text) || "";
      const top = line.field && line.field.bit + line.field.width - 1;
      setText(parts.address, line.field ? (line.field.width > 1 ? `[${top}:${line.field.bit}]` : `[${line.field.bit}]`) : line.reg.address);
      parts.address.title = line.field ? "" : `offset ${line.reg.offset}`;
      setText(parts.access, { "read-only": "R", "read-write": "RW", "write-only": "W" }[line.access] ?? line.access);
      parts.access.title = [line.access, ACT_WORDS[line.field?.write_action]].filter(Boolean).join(", ");
      parts.text.title = line.width === 1 ? "1 bit" : `${line.field || line.reg.reachable ? line.width : line.reg.bits} bits`;
      parts.text.classList.toggle("pw-reg-bit", bit(line));
      parts.text.classList.toggle("pw-reg-edit", writable(line) && !bit(line));
      parts.read.hidden = Boolean(line.field) || !line.reg.guard || !line.reg.reachable || line.reg.access === "write-only";
      parts.read.title = line.reg.guard;
    }
    node.style.transform = `translateY(${index * ROW}px)`;
    node.setAttribute("aria-rowindex", index + 2);
    if (!line.field && line.fields.length) node.setAttribute("aria-expanded", String(line.shownOpen));
    else node.removeAttribute("aria-expanded");
    node.classList.toggle("pw-reg-active", line === active);
    node.setAttribute("aria-selected", String(line === active));
    node.dataset.state = store.states[line.row];
    const [word, why] = line.field ? ["", ""] : stateWord(line);
    const busy = [...waiting.values()].some((one) => one === line.key);
    setText(parts.word, busy ? "waiting…" : word);
    parts.word.title = why;
    const text = textOf(line);
    setText(parts.text, text);
    parts.text.dataset.on = bit(line) ? String(valueOf(line) === 1n) : "";
    if (slot.shown !== null && slot.shown !== UNKNOWN && slot.shown !== text && slot.radix === model.get("radix"))
      parts.value.animate([{ backgroundColor: "var(--pw-flash)" }, { backgroundColor: "transparent" }], { duration: 900, easing: matchMedia("(prefers-reduced-motion: reduce)").matches ? "step-end" : "ease-out" });
    slot.shown = text;
    slot.radix = model.get("radix");
    paintEditor(slot, line);
  }

  function paintEditor(slot, line) {
    const { parts } = slot;
    const here = edit && edit.key === line.key;
    if (!here) {
      if (parts.input) {
        parts.input.remove();
        parts.input = null;
      }
      parts.text.hidden = false;
      return;
    }
    if (!parts.input) {
      const input = make("input", { type: "text", spellcheck: "false", autocomplete: "off", "aria-label": `New value of ${line.field ? `${line.reg.name}.${line.field.name}` : line.reg.name}` });
      input.value = edit.text;
      input.addEventListener("input", () => {
        edit.text = input.value;
        setError(null);
      });
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") commit(line, edit.text);
        else if (event.key === "Escape") cancel();
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
      input.addEventListener("blur", () => setTimeout(() => edit && edit.key === line.key && edit.text === edit.start && input.isConnected && document.activeElement !== input && cancel(false)));
      parts.input = input;
      parts.value.append(input);
      parts.text.hidden = true;
      input.focus({ preventScroll: true });
      input.select();
    }
    parts.input.readOnly = Boolean(edit.waiting);
    parts.input.setAttribute("aria-invalid", String(failed?.key === line.key));
  }

  function span() {
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW) - 1);
    return [first, Math.min(lines.length, first + Math.ceil((grid.clientHeight || 480) / ROW) + 2)];
  }

  function paint() {
    const [first, end] = span();
    const free = new Map(pool.map((slot) => [slot.key, slot]));
    const wanted = lines.slice(first, end);
    const keep = new Set(wanted.map((line) => line.key));
    const spare = pool.filter((slot) => !keep.has(slot.key));
    for (let i = 0; i < wanted.length; i++) {
      let slot = free.get(wanted[i].key) ?? spare.pop();
      if (!slot) {
        slot = makeLine();
        pool.push(slot);
        body.append(slot.node);
      }
      slot.node.hidden = false;
      paintLine(slot, wanted[i], first + i);
    }
    for (const slot of spare) {
      slot.node.hidden = true;
      slot.key = null;
    }
    if (active && keep.has(active.key)) grid.setAttribute("aria-activedescendant", `${uid}-${active.key.replace(".", "-")}`);
    else grid.removeAttribute("aria-activedescendant");
    paintError();
    paintFoot();
  }

  function paintError() {
    const index = failed ? lines.findIndex((line) => line.key === failed.key) : -1;
    tip.hidden = index < 0;
    if (index < 0) return;
    setText(tip, failed.text);
    const above = index > 2 && index >= lines.length - 2;
    tip.style.top = above ? "" : `${(index + 1) * ROW}px`;
    tip.style.bottom = above ? `${(lines.length - index) * ROW}px` : "";
  }

  function paintFoot() {
    const line = active;
    if (!line) return setText(foot, `${registers.length} registers`);
    const parts = [line.field ? `${line.reg.name}.${line.field.name}` : line.reg.name];
    if (line.field) parts.push(ACT_WORDS[line.field.write_action], line.field.read_action && "reading changes it");
    else parts.push(line.reg.bits === 32 ? "" : line.reg.bits === 1 ? "1 bit" : `${line.reg.bits} bits`, line.reg.reset !== null && `reset ${line.reg.reset}`, line.reg.guard);
    if (store.states[line.row] === "stale") parts.push(`stale: ${store.reasons[line.row]}`);
    parts.push(line.field ? line.field.text : line.reg.text);
    setText(foot, parts.filter(Boolean).join(" · "));
    foot.title = foot.textContent;
  }

  function paintLive() {
    const silent = performance.now() - heard > 4000;
    const word = silent ? "no answer" : state.problem ? "not live" : state.live ? `live, ${state.rate} Hz` : "paused";
    setText(live, word);
    live.dataset.kind = silent || state.problem ? "off" : state.live ? "live" : "paused";
    live.title = silent ? "The kernel has not answered for some seconds: values may be old" : state.problem || "How often the visible registers are read";
    root.classList.toggle("pw-reg-old", silent || Boolean(state.problem));
    alert.hidden = !state.problem;
    setText(alert, state.problem);
    for (const button of radices.children) button.setAttribute("aria-pressed", String(button.dataset.radix === model.get("radix")));
    root.dataset.radix = model.get("radix");
  }

  function setError(next) {
    failed = next;
    paintError();
    if (next) setText(spoken, next.text);
  }

  function focusOn(line) {
    if (!line) return;
    if (failed && failed.key !== line.key && !edit) failed = null;
    active = line;
    const top = lines.indexOf(line) * ROW;
    const room = grid.clientHeight - ROW;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + ROW > grid.scrollTop + room) grid.scrollTop = top + ROW - room;
    paint();
  }

  function toggleOpen(line, open = !line?.open) {
    if (!line || line.field || !line.fields.length) return;
    line.open = open;
    layout();
    pulse.beat();
  }

  function begin(line) {
    if (!writable(line)) return setError({ key: line.key, text: `${line.field ? line.field.name : line.reg.name} is read-only.` });
    if (edit?.key === line.key || edit?.waiting) return;
    const value = valueOf(line);
    const text = value === null ? "" : digits(value, line.width, model.get("radix"));
    edit = { key: line.key, text, start: text, waiting: null };
    failed = null;
    paint();
  }

  function cancel(refocus = true) {
    edit = null;
    failed = null;
    paint();
    if (refocus) grid.focus({ preventScroll: true });
  }

  function send(line, content) {
    const tag = `${pulse.view}:${++serial}`;
    waiting.set(tag, line.key);
    failed = null;
    if (!post(model, { ...content, row: line.row, tag })) {
      waiting.delete(tag);
      setError({ key: line.key, text: "The kernel has gone: nothing was written or read." });
      return null;
    }
    paint();
    return tag;
  }

  function commit(line, text) {
    if (edit?.waiting) return;
    const tag = send(line, { kind: "write", field: line.field ? line.field.name : null, text });
    if (edit && tag) edit.waiting = tag;
    paint();
  }

  function flip(line) {
    const act = line.field.write_action;
    const value = valueOf(line);
    if (ONE_ACTS.includes(act)) commit(line, "1");
    else if (ZERO_ACTS.includes(act)) commit(line, "0");
    else if (value === null) begin(line);
    else commit(line, value === 0n ? "1" : "0");
  }

  const ask = (line) => line.reg.reachable && line.reg.access !== "write-only" && send(line, { kind: "read" });

  function acknowledged(content) {
    const key = waiting.get(content.tag);
    if (key === undefined) return;
    waiting.delete(content.tag);
    const own = edit?.waiting === content.tag;
    if (own) edit.waiting = null;
    if (content.error) {
      setError({ key, text: content.error });
    } else {
      if (own) cancel(true);
      setText(spoken, content.said ?? "");
    }
    paint();
  }

  function onMessage(content, buffers) {
    heard = performance.now();
    if (content.kind === "ack") acknowledged(content);
    else if (content.kind === "frame") {
      seen = content.n;
      const before = `${state.live}${state.problem}${state.rate}`;
      state = { live: content.live, rate: content.rate, problem: content.problem };
      const touched = store.take(content, buffers);
      if (touched.size) {
        for (const slot of pool) if (slot.key !== null && touched.has(lines[slot.index]?.row)) paintLine(slot, lines[slot.index], slot.index);
        if (active && touched.has(active.row)) paintFoot();
      }
      if (before !== `${state.live}${state.problem}${state.rate}`) paintLive();
    }
  }

  const move = (step) => {
    const at = active ? lines.indexOf(active) : -1;
    focusOn(lines[Math.max(0, Math.min(lines.length - 1, at + step))]);
  };
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(Math.floor(grid.clientHeight / ROW) - 1),
    PageUp: () => move(1 - Math.floor(grid.clientHeight / ROW)),
    Home: () => focusOn(lines[0]),
    End: () => focusOn(lines[lines.length - 1]),
    ArrowRight: () => (active && !active.field && active.fields.length && !active.shownOpen ? toggleOpen(active, true) : active && !active.field && active.fields.length && move(1)),
    ArrowLeft: () => (active?.field ? focusOn(entries[active.row]) : toggleOpen(active, false)),
    Enter: () => active && begin(active),
    F2: () => active && begin(active),
    " ": () => active && (bit(active) ? flip(active) : active.field ? null : toggleOpen(active)),
    Escape: () => cancel(),
    r: () => active && ask(active),
    "/": () => filter.focus(),
  };
  grid.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.target !== grid || event.ctrlKey || event.metaKey || event.altKey) return;
    act();
    event.preventDefault();
  });
  grid.addEventListener("focus", () => {
    if (active || !lines.length) return;
    // Nothing is scrolled: a press of the mouse brings the focus too, and the row under it must stay there until the click.
    active = lines[span()[0]] ?? lines[0];
    paint();
  });
  let later = null;
  grid.addEventListener("scroll", () => {
    paint();
    later ??= setTimeout(() => {
      later = null;
      pulse.beat();
    }, 120);
  });
  filter.addEventListener("input", () => {
    layout();
    pulse.beat();
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Escape") filter.value = "";
    else if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    layout();
    if (event.key !== "Escape") (focusOn(lines[0]), grid.focus());
    event.preventDefault();
  });
  fold.addEventListener("click", () => {
    const open = !entries.some((entry) => entry.open);
    for (const entry of entries) entry.open = open;
    layout();
    pulse.beat();
  });
  radices.addEventListener("click", (event) => {
    const radix = event.target.dataset?.radix;
    if (!radix) return;
    model.set("radix", radix);
    model.save_changes();
  });

  const looked = () => {
    const [first, end] = span();
    return { rows: [...new Set(lines.slice(first, end).map((line) => line.row))], seen: seen || null };
  };
  const pulse = heartbeat(model, root, looked);
  const radixChanged = () => {
    paintLive();
    paint();
  };
  model.on("msg:custom", onMessage);
  model.on("change:radix", radixChanged);
  const clock = setInterval(paintLive, 1000);
  const resized = new ResizeObserver(() => paint());
  resized.observe(grid);
  body.append(tip);
  layout();
  paintLive();
  post(model, { kind: "hello", view: pulse.view, ...looked() });
  return () => {
    model.off("msg:custom", onMessage);
    model.off("change:radix", radixChanged);
    clearInterval(clock);
    clearTimeout(later);
    resized.disconnect();
    pulse.stop();
  };
}

export default { render };
