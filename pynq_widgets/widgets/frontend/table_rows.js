// The rows of a register table: only those in sight are in the page, and each is touched only where it changes.

const ROW = 24;

function rowsOf(t) {
  const head = make("div", { class: "pw-reg-row pw-reg-head", role: "row", "aria-rowindex": "1" });
  const body = make("div", { class: "pw-reg-body", role: "rowgroup" });
  const grid = make("div", { class: "pw-reg-grid", role: "treegrid", tabindex: "0", "aria-label": `Registers of ${t.model.get("title")}` }, make("div", { role: "rowgroup", class: "pw-reg-headgroup" }, head), body);
  const scroller = make("div", { class: "pw-reg-scroll" }, grid);
  let pool = [];
  let columns = [];

  const nodeId = (line) => `${t.uid}-${line.key.replace(".", "-")}`;

  /** The columns were chosen anew, or what they need of room changed: the cells are made again. */
  function shape() {
    columns = Object.keys(COLUMNS).filter((name) => t.columns.has(name));
    head.replaceChildren(...columns.map((name) => make("span", { class: `pw-reg-${name}`, role: "columnheader" }, COLUMNS[name].label)));
    for (const slot of pool) slot.node.remove();
    pool = [];
    resize();
    paint();
  }

  function resize() {
    const width = ({ room, most }) => (most ? `minmax(${room(t)}px, ${most(t) === Infinity ? "1fr" : `${Math.max(room(t), most(t))}px`})` : `${room(t)}px`);
    grid.style.minWidth = `${columns.reduce((sum, name) => sum + COLUMNS[name].room(t), 0)}px`;
    scroller.style.setProperty("--columns", columns.map((name) => width(COLUMNS[name])).join(" "));
  }

  function layout() {
    t.lines = chosenLines(t);
    if (t.active && !t.lines.includes(t.active)) t.active = t.lines.find((line) => line.row === t.active.row) ?? null;
    body.style.height = `${t.lines.length * ROW}px`;
    grid.setAttribute("aria-rowcount", t.lines.length + 1);
    paint();
    t.foot.paint();
  }

  function makeSlot() {
    const slot = { node: make("div", { class: "pw-reg-row", role: "row" }), parts: {}, cells: {}, line: null, shown: null, flashed: null, index: 0 };
    for (const name of columns) {
      slot.cells[name] = make("span", { class: `pw-reg-${name}`, role: "gridcell" });
      COLUMNS[name].make?.(slot.cells[name], slot.parts, t);
      slot.node.append(slot.cells[name]);
    }
    const { node, parts } = slot;
    node.addEventListener("mousedown", (event) => {
      if (event.button === 0 && !event.target.closest("input, .pw-reg-tip")) setTimeout(() => !t.editor.open && !t.box && grid.focus({ preventScroll: true }));
    });
    node.addEventListener("click", (event) => {
      const line = slot.line;
      if (!line || event.target.tagName === "INPUT") return;
      focusOn(line);
      if (event.target === parts.read) t.actions.read(line);
      else if (event.target === parts.star) t.actions.star(line);
      else if (event.target === parts.twist) toggleOpen(line);
      else if (event.target === parts.text && !event.ctrlKey) line.isBit ? t.actions.flip(line) : line.writable && t.editor.begin(line);
    });
    node.addEventListener("mouseover", (event) => {
      if (slot.line && !slot.line.field && slot.cells.fields?.contains(event.target)) slot.cells.fields.title = fieldsText(slot.line, t);
    });
    node.addEventListener("dblclick", (event) => slot.cells.name.contains(event.target) && event.target !== parts.twist && event.target !== parts.star && toggleOpen(slot.line));
    node.addEventListener("contextmenu", (event) => {
      if (event.shiftKey || !slot.line || event.target.tagName === "INPUT") return; // with Shift, the browser's own
      event.preventDefault();
      event.stopPropagation(); // JupyterLab has a menu of its own for the whole cell
      focusOn(slot.line);
      t.actions.menu(slot.line, new DOMRect(event.clientX, event.clientY, 0, 0));
    });
    return slot;
  }

  function paintSlot(slot, line, index) {
    const { node, parts, cells } = slot;
    if (slot.index !== index || slot.line !== line) {
      slot.index = index;
      node.style.top = `${index * ROW}px`;
      node.setAttribute("aria-rowindex", index + 2);
    }
    if (slot.line !== line) {
      slot.line = line;
      slot.shown = null;
      if (slot.flashed) flash(slot, Infinity);
      node.id = nodeId(line);
      node.dataset.row = line.reg.name;
      if (line.field) node.dataset.field = line.name;
      else delete node.dataset.field;
      node.setAttribute("aria-level", line.field ? 2 : 1);
      for (const name of columns) COLUMNS[name].still?.(cells[name], parts, line, t);
    }
    if (!line.field && line.fields.length) node.setAttribute("aria-expanded", String(line.shownOpen));
    else node.removeAttribute("aria-expanded");
    node.classList.toggle("pw-reg-active", line === t.active);
    node.setAttribute("aria-selected", String(line === t.active));
    const state = t.store.state(line.row);
    if (node.dataset.state !== state) node.dataset.state = state;
    for (const name of columns) COLUMNS[name].live?.(cells[name], parts, line, t);
    const now = `${t.valueOf(line)}`;
    if (slot.shown !== null && slot.shown !== "null" && slot.shown !== now)
      flash(slot);
    slot.shown = now;
    t.editor.paint(slot, line);
  }

  // In two steps and not as an animation, which would have the page painted anew at each frame of the screen, for every row that changes.
  function flash(slot, age = 0) {
    if (age === 0) slot.flashed = performance.now();
    const step = age < 300 ? "new" : age < 800 ? "old" : "";
    if (slot.node.dataset.flash !== step) slot.node.dataset.flash = step;
    if (!step) slot.flashed = null;
  }

  function span() {
    const first = Math.max(0, Math.floor(scroller.scrollTop / ROW) - 1);
    return [first, Math.min(t.lines.length, first + Math.ceil((scroller.clientHeight || 480) / ROW) + 2)];
  }

  /** Bring the page to what is in sight now. */
  function paint() {
    const [first, end] = span();
    const wanted = t.lines.slice(first, end);
    const held = new Map(pool.filter((slot) => slot.line).map((slot) => [slot.line, slot]));
    const keep = new Set(wanted);
    const spare = pool.filter((slot) => !keep.has(slot.line));
    for (let k = 0; k < wanted.length; k++) {
      let slot = held.get(wanted[k]) ?? spare.pop();
      if (!slot) {
        slot = makeSlot();
        pool.push(slot);
        body.append(slot.node);
      }
      slot.node.hidden = false;
      paintSlot(slot, wanted[k], first + k);
    }
    for (const slot of spare) {
      slot.node.hidden = true;
      slot.line = null;
    }
    if (t.active && keep.has(t.active)) grid.setAttribute("aria-activedescendant", nodeId(t.active));
    else grid.removeAttribute("aria-activedescendant");
    t.editor.placeTip();
  }

  /** A frame came: only the rows in sight that it touched. */
  function touch(rows) {
    for (const slot of pool) if (slot.line && rows.has(slot.line.row)) paintSlot(slot, slot.line, slot.index);
  }

  /** What changes by time alone: ages, and the history lines. */
  function grow() {
    const now = performance.now();
    const colour = getComputedStyle(t.root).getPropertyValue("--pw-trace") || "#1976d2";
    for (const slot of pool) {
      if (slot.flashed) flash(slot, now - slot.flashed);
      if (!slot.line || slot.line.field) continue;
      if (slot.cells.state) COLUMNS.state.live(slot.cells.state, slot.parts, slot.line, t);
      COLUMNS.value.live(slot.cells.value, slot.parts, slot.line, t);
      if (!slot.parts.canvas || !t.starred.has(slot.line.row)) continue;
      const range = drawHistory(slot.parts.canvas, t.store.histories.get(slot.line.row), slot.line, colour, now);
      if (range) slot.cells.history.title = `The last values of ${slot.line.name}: ${range[0]} to ${range[1]}`;
    }
  }

  function focusOn(line) {
    if (!line) return;
    t.editor.leave(line);
    t.active = line;
    const top = t.lines.indexOf(line) * ROW;
    const room = scroller.clientHeight - ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW > scroller.scrollTop + room) scroller.scrollTop = top + ROW - room;
    paint();
    t.foot.paint();
  }

  function move(step) {
    const at = t.active ? t.lines.indexOf(t.active) : -1;
    focusOn(t.lines[Math.max(0, Math.min(t.lines.length - 1, at + step))]);
  }

  function toggleOpen(line, open = !line?.open) {
    if (!line || line.field || !line.fields.length) return;
    line.open = open;
    layout();
    t.pulse.beat();
  }

  const inSight = () => pool.filter((slot) => slot.line).map((slot) => slot.line);
  const slotOf = (line) => pool.find((slot) => slot.line === line);
  const page = () => Math.max(1, Math.floor(scroller.clientHeight / ROW) - 2);
  return { grid, scroller, body, shape, resize, layout, paint, touch, grow, focusOn, move, toggleOpen, span, inSight, slotOf, page };
}
