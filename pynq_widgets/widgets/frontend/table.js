// A register table: virtual rows over one store of words, binary frames in, actions out. What a person does goes to the kernel and comes
// back as an acknowledgement; the page never claims a value that the kernel has not sent. The parts stand in table_*.js.

const MARK = "Remember the values now, to see what changes after (k)";

function render({ model, el }) {
  const sheet = new Sheet(model.get("sheet"));
  const t = {
    model, sheet,
    uid: `pw-reg-${Math.random().toString(36).slice(2)}`,
    store: new Store(sheet.count),
    lines: sheet.lines,
    active: null,
    search: "",
    found: { text: "", rows: null },
    filters: new Set(),
    columns: new Set(),
    starred: new Set(),
    box: null,
    valueOf(line) {
      const word = t.store.values[line.row];
      return word === null || line.field === null ? word : fieldOf(word, line.field);
    },
    radixOf(line) {
      const own = model.get("radices")?.[line.id];
      if (own) return own;
      if (line.note.labels) return "enum";
      // Whether whole numbers are hexadecimal or decimal is the person's taste; that a value has a sign or a point is the driver's word.
      return ["signed", "float"].includes(line.note.format) ? line.note.format : model.get("radix");
    },
    say: (text) => setText(spoken, text),
    anchor: () => ((t.active && t.rows.slotOf(t.active)?.cells.value) || t.root).getBoundingClientRect(),
  };
  const rowByName = new Map(sheet.lines.map((line) => [line.name, line.row]));
  t.longest = sheet.lines.reduce((most, line) => Math.max(most, line.name.length), 4);
  t.addressRoom = sheet.count ? Math.max(8, ...[sheet.lines[0], sheet.lines.at(-1)].map((line) => line.address.length)) : 8;
  t.anyGuard = sheet.guards.length > 0;
  const widest = sheet.lines.reduce((most, line) => Math.max(most, line.reachable ? line.width : 1), 1);
  const noted = [...sheet.notes.keys()];

  // The bar.
  const title = make("span", { class: "pw-title", title: model.get("title") }, model.get("title"));
  const live = make("span", { class: "pw-badge pw-reg-live" });
  const shows = make("span", { class: "pw-badge pw-reg-shows", hidden: true, title: "Set from Python with read_only=True: nothing can be changed from here" }, "only shows");
  const find = make("input", { type: "search", placeholder: "Find name, address, field", title: "By name, address (0x43C00010), field or description (/)", "aria-label": "Find registers", spellcheck: "false" });
  const rowsMenu = menuButton(t, "Rows", "Which rows are shown", rowItems);
  const radixMenu = menuButton(t, "hex", "How values are written", () => radixItems((radix) => (model.set("radix", radix), model.save_changes()), model.get("radix")));
  const columnsMenu = menuButton(t, "Columns", "Which columns are shown", columnItems);
  const mark = make("button", { type: "button", class: "pw-reg-mark", title: MARK }, "Mark");
  const help = make("button", { type: "button", class: "pw-reg-help", title: "Keys and marks (?)", "aria-label": "Help" }, "?");
  const bar = make("div", { class: "pw-bar" }, title, live, shows, make("span", { class: "pw-grow" }), find, rowsMenu, mark, radixMenu, columnsMenu, help);
  const alert = make("div", { class: "pw-alert", role: "status", hidden: true });
  const spoken = make("div", { class: "pw-sr", "aria-live": "polite" });

  t.rows = rowsOf(t);
  t.grid = t.rows.grid;
  t.scroller = t.rows.scroller;
  t.editor = editorOf(t);
  t.foot = footOf(t);
  t.scroller.append(t.editor.tip);
  t.root = make("div", { class: "pw pw-reg" }, bar, alert, t.scroller, t.foot.root, spoken, t.editor.labels);
  keepKeys(t.root);
  el.append(t.root);

  // What can be done.
  t.actions = {
    read: (line) => line.readable && t.editor.act(line, { act: "read" }),
    flip(line) {
      if (model.get("read_only")) return t.editor.fail(line, "This table only shows: nothing can be written here.");
      if (!line.writable) return t.editor.fail(line, `${line.name} is read-only.`);
      const value = t.valueOf(line);
      t.editor.act(line, { act: "toggle", bit: line.field.bit, to: value === 1n ? 0 : 1 });
    },
    star(line) {
      if (!line.reg.readable) return;
      const names = model.get("starred");
      model.set("starred", names.includes(line.reg.name) ? names.filter((name) => name !== line.reg.name) : [...names, line.reg.name]);
      model.save_changes();
    },
    radix(line, radix) {
      const radices = { ...model.get("radices") };
      if (radix) radices[line.id] = radix;
      else delete radices[line.id];
      model.set("radices", radices);
      model.save_changes();
    },
    nextRadix(line) {
      const ways = waysOf(line);
      t.actions.radix(line, ways[(ways.indexOf(t.radixOf(line)) + 1) % ways.length]);
    },
    mark() {
      t.store.mark();
      t.say("Values are marked");
      mark.title = `Marked at ${new Date().toLocaleTimeString()}: what changed since has a Δ. Press to mark anew (k)`;
      t.rows.layout();
      sayFilters();
    },
    unmark() {
      t.store.marks = null;
      t.filters.delete("mark");
      mark.title = MARK;
      t.say("The mark is forgotten");
      t.rows.layout();
      sayFilters();
    },
    copyLine(line, content) {
      t.editor.ask(line, { kind: "line", ...content }, (answer) => (answer.error ? t.editor.fail(line, answer.error) : copyText(t, answer.line)));
    },
    menu(line, anchor) {
      openMenu(t, `Actions for ${line.id}`, anchor, () => rowActions(line));
    },
  };

  const waysOf = (line) => Object.keys(RADICES).filter((radix) => (radix === "enum" ? line.note.labels : radix !== "float" || [16, 32, 64].includes(line.width)));

  function radixItems(choose, now, line = null) {
    return (line ? waysOf(line) : Object.keys(RADICES).filter((radix) => radix !== "enum")).map((radix) => ({ label: RADICES[radix], radio: true, checked: radix === now, run: () => choose(radix) }));
  }

  function rowActions(line) {
    const { reg } = line;
    const value = t.valueOf(line);
    const items = [{ heading: line.id }];
    if (reg.readable) items.push({ label: `Read ${reg.name} now`, hint: "r", run: () => t.actions.read(line) });
    if (line.writable && !model.get("read_only")) {
      items.push({ label: "Change…", hint: "Enter", run: () => t.editor.begin(line) });
      if (line.isBit) items.push({ label: "Toggle", hint: "Space", run: () => t.actions.flip(line) });
    }
    if (reg.readable) items.push({ label: `${t.starred.has(line.row) ? "Stop watching" : "Watch"} ${reg.name}`, hint: "s", run: () => t.actions.star(line) });
    items.push({ heading: "Copy" });
    if (t.foot.python) items.push({ label: "Python of the last action", hint: "c", run: () => copyText(t, t.foot.python) });
    if (reg.readable) items.push({ label: "Python that reads it", run: () => t.actions.copyLine(line, { act: "read" }) });
    if (line.writable && value !== null && !model.get("read_only"))
      items.push({ label: "Python that writes this value", run: () => t.actions.copyLine(line, { act: "write", field: line.field ? line.name : null, text: `0x${value.toString(16)}`, radix: t.radixOf(line) }) });
    if (value !== null) items.push({ label: "Value", run: () => copyText(t, digits(value, line.width, t.radixOf(line), line.note.labels)) });
    items.push({ label: "Address", run: () => copyText(t, reg.address) });
    items.push({ heading: "Shown as" }, ...radixItems((radix) => t.actions.radix(line, radix), t.radixOf(line), line));
    if (model.get("radices")?.[line.id]) items.push({ label: "As the others", run: () => t.actions.radix(line, null) });
    return items;
  }

  function rowItems() {
    const counted = (name) => (name === "mark" && !t.store.marks ? "press Mark first" : null);
    return [
      { heading: "Show" },
      ...Object.entries(FILTERS).map(([name, filter]) => ({
        label: filter.label, hint: counted(name), checked: t.filters.has(name), stay: true,
        run: () => {
          t.filters.has(name) ? t.filters.delete(name) : t.filters.add(name);
          t.rows.layout();
          sayFilters();
          t.pulse.beat();
        },
      })),
      { heading: "And" },
      { label: "Mark the values now", hint: "k", run: t.actions.mark },
      ...(t.store.marks ? [{ label: "Forget the mark", run: t.actions.unmark }] : []),
      { label: "Unfold all fields", checked: unfolded(), stay: true, run: unfoldAll },
      { label: "Bits of the chosen row", checked: model.get("ruler"), stay: true, run: () => (model.set("ruler", !model.get("ruler")), model.save_changes()) },
      ...(model.get("read_only") ? [] : [{ label: "Read back after a write", checked: model.get("verify"), stay: true, run: () => (model.set("verify", !model.get("verify")), model.save_changes()) }]),
    ];
  }

  const unfolded = () => sheet.lines.some((line) => line.open);
  function unfoldAll() {
    const open = !unfolded();
    for (const line of sheet.lines) line.open = open;
    t.rows.layout();
    t.pulse.beat();
  }

  function columnItems() {
    return Object.entries(COLUMNS).filter(([name]) => name !== "name" && name !== "value").map(([name, column]) => ({
      label: column.label, checked: t.columns.has(name), stay: true,
      run: () => {
        const chosen = new Set(t.columns);
        t.columns.has(name) ? chosen.delete(name) : chosen.add(name);
        byHand = true;
        model.set("columns", Object.keys(COLUMNS).filter((one) => chosen.has(one)));
        model.save_changes();
      },
    }));
  }

  function sayFilters() {
    const shown = t.lines.reduce((count, line) => count + (line.field ? 0 : 1), 0);
    rowsMenu.say(t.filters.size ? `${shown} of ${sheet.count}` : "Rows");
    rowsMenu.setAttribute("aria-pressed", String(t.filters.size > 0));
  }

  // What the traits say.
  function ways() {
    radixMenu.say(model.get("radix"));
    const most = Math.max(...[null, ...noted, ...Object.keys(model.get("radices") ?? {})].map((id) => {
      const line = id === null ? null : lineOf(id);
      return line ? roomFor(line.width, t.radixOf(line), line.note.labels) : roomFor(widest, model.get("radix"));
    }));
    t.valueRoom = most;
    shape();
    t.foot.paint();
  }

  function lineOf(id) {
    const row = rowByName.get(id);
    if (row !== undefined) return sheet.lines[row];
    for (let dot = id.indexOf("."); dot > 0; dot = id.indexOf(".", dot + 1)) {
      const found = sheet.lines[rowByName.get(id.slice(0, dot))]?.fields.find((line) => line.name === id.slice(dot + 1));
      if (found) return found;
    }
    return null;
  }

  const first = JSON.stringify(model.get("columns"));
  const units = [...sheet.notes.values()].some((note) => note.unit);
  let byHand = false;

  function shape() {
    const chosen = new Set(model.get("columns"));
    t.width = t.root.clientWidth || 700;
    // What a person chose by hand stays, and is scrolled to; else a star brings its history, a driver its units, and all has to fit.
    byHand ||= JSON.stringify(model.get("columns")) !== first;
    if (!byHand && t.starred.size) chosen.add("history");
    if (!byHand && units) chosen.add("unit");
    t.columns = byHand ? chosen : columnsFor(t, chosen, t.width);
    t.rows.shape();
  }

  function stars() {
    t.starred = new Set(model.get("starred").map((name) => rowByName.get(name)).filter((row) => row !== undefined));
    t.store.follow(t.starred);
    shape();
    if (t.filters.has("starred")) t.rows.layout();
    t.pulse?.beat();
  }

  // The life of the connection.
  let seen = 0;
  let heard = performance.now();
  let state = { live: false, rate: 0, problem: "" };
  let stale = false; // something changed that a filter may judge otherwise

  function paintLive() {
    const silent = performance.now() - heard > 4000;
    // A bus that fails at some registers leaves the others live.
    const partly = state.problem && state.live && t.rows.inSight().some((line) => t.store.state(line.row) === "read" && !line.reg.guard && t.store.age(line.row) < 3);
    const slowed = state.live && state.rate < state.asked * 0.95;
    const rate = `${state.rate}${slowed ? ` of ${state.asked}` : ""} Hz`;
    const word = silent ? "no answer" : partly ? `partly live, ${rate}` : state.problem ? "not live" : state.live ? `live, ${rate}` : "paused";
    setText(live, word);
    live.dataset.kind = silent || state.problem ? "off" : state.live ? "live" : "paused";
    live.title = silent ? "The kernel has not answered for some seconds: values may be old" : state.problem || (slowed ? `The bus is slower than the ${state.asked} reads a second that were asked for` : state.live ? "How often the registers in sight are read" : "Nothing is read now");
    t.root.classList.toggle("pw-reg-old", silent || (Boolean(state.problem) && !partly));
    alert.hidden = !state.problem;
    setText(alert, state.problem);
    shows.hidden = !model.get("read_only");
  }

  function onMessage(content, buffers) {
    heard = performance.now();
    if (content.kind === "frame") {
      seen = content.n;
      const touched = t.store.take(content, buffers, heard);
      if (touched.size) {
        stale = true;
        t.rows.touch(touched);
        if (t.active && touched.has(t.active.row)) t.foot.paint();
      }
      if (content.stride !== undefined || live.dataset.kind === "off") {
        if (content.stride !== undefined) state = content;
        paintLive();
      }
    } else if (content.kind === "text") t.foot.told(content);
    else if (content.kind === "found") {
      if (content.tag !== t.search) return;
      t.found = { text: t.search, rows: new Set(content.rows.flatMap(([from, count]) => Array.from({ length: count }, (_, k) => from + k))) };
      t.rows.layout();
    } else t.editor.answered(content);
  }

  const looked = () => {
    const [from, end] = t.rows.span();
    const rows = new Set(t.starred);
    for (const line of t.lines.slice(from, end)) rows.add(line.row);
    return { rows: [...rows], seen: seen || null, all: [...t.filters].some((name) => FILTERS[name].surveys) };
  };

  // Keys.
  const keys = {
    ArrowDown: () => t.rows.move(1),
    ArrowUp: () => t.rows.move(-1),
    PageDown: () => t.rows.move(t.rows.page()),
    PageUp: () => t.rows.move(-t.rows.page()),
    Home: () => t.rows.focusOn(t.lines[0]),
    End: () => t.rows.focusOn(t.lines.at(-1)),
    ArrowRight: (line) => !line.field && line.fields.length && (line.shownOpen ? t.rows.move(1) : t.rows.toggleOpen(line, true)),
    ArrowLeft: (line) => (line.field ? t.rows.focusOn(line.reg) : t.rows.toggleOpen(line, false)),
    Enter: (line) => t.editor.begin(line),
    F2: (line) => t.editor.begin(line),
    " ": (line) => (line.isBit ? t.actions.flip(line) : line.field ? null : t.rows.toggleOpen(line)),
    Escape: () => t.editor.cancel(),
    r: (line) => t.actions.read(line),
    s: (line) => t.actions.star(line),
    v: (line) => t.actions.nextRadix(line),
    m: (line) => t.actions.menu(line, t.anchor()),
    ContextMenu: (line) => t.actions.menu(line, t.anchor()),
    b: () => t.foot.ruler.enter(),
    c: () => t.foot.python && copyText(t, t.foot.python),
    k: () => t.actions.mark(),
    "/": () => find.focus(),
    "?": () => openHelp(t),
  };
  const always = new Set(["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End", "/", "?", "k", "c", "Escape"]);
  t.grid.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.target !== t.grid || event.ctrlKey || event.metaKey || event.altKey) return;
    if (t.active || always.has(event.key)) act(t.active);
    event.preventDefault();
  });
  t.grid.addEventListener("focus", () => {
    if (t.active || !t.lines.length) return;
    // Nothing is scrolled: a press of the mouse brings the focus too, and the row under it must stay there until the click.
    t.active = t.lines[t.rows.span()[0]] ?? t.lines[0];
    t.rows.paint();
    t.foot.paint();
  });
  mark.addEventListener("click", t.actions.mark);
  help.addEventListener("click", () => openHelp(t));
  let asking = null;
  const sought = () => {
    t.search = find.value;
    t.rows.layout();
    t.pulse.beat();
    clearTimeout(asking);
    if (sheet.cut.size && t.search.trim()) asking = setTimeout(() => post(model, { kind: "find", text: t.search, tag: t.search }), 200);
  };
  find.addEventListener("input", sought);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape") find.value = "";
    else if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    sought();
    if (event.key !== "Escape") t.rows.focusOn(t.lines[0]);
    t.grid.focus();
    event.preventDefault();
  });
  let later = null;
  t.scroller.addEventListener("scroll", () => {
    t.rows.paint();
    later ??= setTimeout(() => {
      later = null;
      t.pulse.beat();
    }, 80);
  });

  t.pulse = heartbeat(model, t.root, looked);
  const listeners = {
    "msg:custom": onMessage, "change:radix": ways, "change:radices": ways, "change:columns": shape, "change:starred": stars,
    "change:ruler": () => t.foot.paint(), "change:read_only": () => (paintLive(), t.foot.paint()),
  };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  const second = setInterval(paintLive, 1000);
  const tick = setInterval(() => {
    if (!t.pulse.visible()) return;
    t.rows.grow();
    if (stale && t.filters.size) {
      t.rows.layout();
      sayFilters();
    }
    stale = false;
  }, 200);
  const resized = new ResizeObserver(() => {
    if (t.root.clientWidth !== t.width) shape();
    else t.rows.paint();
    t.foot.paint();
  });
  resized.observe(t.root);
  resized.observe(t.scroller);
  t.valueRoom = roomFor(widest, model.get("radix"));
  stars();
  ways();
  t.rows.layout();
  paintLive();
  post(model, { kind: "hello", view: t.pulse.view, ...looked() });
  return () => {
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
    clearInterval(second);
    clearInterval(tick);
    clearTimeout(later);
    clearTimeout(asking);
    resized.disconnect();
    t.box?.close(false);
    t.pulse.stop();
  };
}

export default { render };
