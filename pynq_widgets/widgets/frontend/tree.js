// The overlay as a tree: WAI-ARIA's treegrid with whole rows in focus, folded, filtered as one types.

const HEX = /^0x[0-9a-f_]+$/;

/** What a node is found by: name, path, type, driver, and any address inside its ranges. */
function matcher(text) {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const tests = words.map((word) => {
    const address = HEX.test(word) ? BigInt(word.replaceAll("_", "")) : null;
    return (node) =>
      node.search.includes(word) ||
      (address !== null && node.ranges.some(([base, size]) => BigInt(base) <= address && address < BigInt(base) + BigInt(size)));
  });
  return words.length ? (node) => tests.every((test) => test(node)) : null;
}

/** Nodes as sent by the kernel (depth first, each with its level) with parent and children joined on. */
function grow(sent) {
  const stack = [];
  return sent.map((data, index) => {
    const node = { ...data, index, parent: null, children: [], open: false, row: null };
    node.search = [data.path, data.type, data.vlnv, data.driver, data.address].join(" ").toLowerCase();
    stack.length = data.level - 1;
    if (data.level > 1) {
      node.parent = stack[data.level - 2];
      node.parent.children.push(node);
    }
    stack[data.level - 1] = node;
    return node;
  });
}

function render({ model, el }) {
  const uid = `pw-tree-${Math.random().toString(36).slice(2)}`;
  const title = make("button", { class: "pw-tree-root", type: "button", title: "Show the overlay's summary" });
  const badge = make("span", { class: "pw-badge" });
  const detail = make("span", { class: "pw-quiet pw-tree-about" });
  const filter = make("input", { type: "search", placeholder: "Filter by name, type, address, driver", "aria-label": "Filter the modules", spellcheck: "false" });
  const all = make("button", { type: "button", "aria-pressed": "false" });
  const alert = make("div", { class: "pw-alert", role: "status", hidden: true });
  const body = make("div", { class: "pw-tree-body", role: "rowgroup" });
  const head = make("div", { class: "pw-tree-row pw-tree-head", role: "row" });
  for (const [name, label] of [["name", "Name"], ["type", "Type"], ["address", "Address"], ["driver", "Driver"]])
    head.append(make("span", { class: `pw-tree-${name}`, role: "columnheader" }, label));
  const grid = make("div", { class: "pw-tree-grid", role: "treegrid", tabindex: "0", "aria-label": "Modules of the overlay" }, make("div", { role: "rowgroup", class: "pw-tree-headgroup" }, head), body);
  const nothing = make("div", { class: "pw-tree-none pw-quiet", hidden: true, role: "status" });
  const root = make(
    "div",
    { class: "pw pw-tree" },
    make("div", { class: "pw-bar" }, title, badge, detail),
    make("div", { class: "pw-bar pw-tree-tools" }, filter, all),
    alert,
    grid,
    nothing,
  );
  keepKeys(root);
  el.append(root);

  let nodes = [];
  let shown = [];
  let raised = new Set(); // quiet nodes that were chosen, with all above them: they stay in sight
  let active = null;
  let typed = { text: "", at: 0 };

  const folded = (node) => node.children.length > 0;
  const shows = (node) => model.get("everything") || !node.quiet || raised.has(node);
  const chosen = () => nodes.find((node) => node.path === model.get("selected"));

  function buildRow(node) {
    const twist = make("span", { class: "pw-tree-twist", "aria-hidden": "true" });
    const name = make("span", { class: "pw-tree-name", role: "gridcell", title: node.path }, twist, make("span", { class: "pw-tree-label" }, node.name));
    name.style.setProperty("--level", node.level - 1);
    const row = make(
      "div",
      { class: "pw-tree-row", role: "row", id: `${uid}-${node.index}`, "aria-level": node.level, "data-path": node.path, "data-kind": node.kind, "data-quiet": node.quiet },
      name,
      make("span", { class: "pw-tree-type", role: "gridcell", title: node.vlnv || node.type }, node.type),
      make("span", { class: "pw-tree-address pw-mono", role: "gridcell", title: node.ranges.map(([base, size]) => `${base} – ${size} bytes`).join("\n") }, node.address),
      make("span", { class: "pw-tree-driver", role: "gridcell", title: node.driver && (node.why ? `${node.driver}: ${node.why}` : node.driver) }, node.driver),
    );
    node.row = row;
    row.addEventListener("click", (event) => {
      focusOn(node);
      if (event.target === twist && folded(node)) toggle(node, !isOpen(node));
      else choose(node);
    });
    row.addEventListener("dblclick", () => folded(node) && toggle(node, !isOpen(node)));
    return row;
  }

  let match = null;
  let kept = new Set();
  const isOpen = (node) => (match ? kept.has(node) && node.children.some((child) => kept.has(child)) && node.open !== "shut" : node.open === true);

  function toggle(node, open) {
    if (match) node.open = open ? true : "shut";
    else node.open = open;
    layout();
  }

  /** Decide which rows stand, then put exactly those on the page. */
  function layout() {
    match = matcher(filter.value);
    kept = new Set();
    if (match) {
      for (const node of nodes) {
        if (!match(node)) continue;
        for (let up = node; up; up = up.parent) kept.add(up);
        const under = (parent) => parent.children.forEach((child) => (kept.add(child), under(child)));
        if (node.kind === "hierarchy") under(node);
      }
    }
    shown = [];
    const visit = (list) => {
      const siblings = list.filter((node) => (match ? kept.has(node) : shows(node)));
      siblings.forEach((node, place) => {
        shown.push(node);
        const row = node.row ?? buildRow(node);
        const inner = node.children.some((child) => (match ? kept.has(child) : shows(child)));
        row.setAttribute("aria-posinset", place + 1);
        row.setAttribute("aria-setsize", siblings.length);
        if (inner) row.setAttribute("aria-expanded", String(isOpen(node)));
        else row.removeAttribute("aria-expanded");
        row.classList.toggle("pw-tree-hit", Boolean(match && match(node)));
        if (inner && isOpen(node)) visit(node.children);
      });
    };
    visit(nodes.filter((node) => !node.parent));
    body.replaceChildren(...shown.map((node) => node.row));
    nothing.hidden = shown.length > 0;
    setText(nothing, nodes.length ? `No module matches “${filter.value.trim()}”.` : "This design has no modules.");
    grid.setAttribute("aria-rowcount", shown.length + 1);
    if (active && !shown.includes(active)) {
      let up = active;
      while (up && !shown.includes(up)) up = up.parent;
      active = up;
    }
    mark();
  }

  function mark() {
    const now = chosen();
    for (const node of shown) {
      node.row.setAttribute("aria-selected", String(node === now));
      node.row.classList.toggle("pw-tree-active", node === active);
    }
    if (active) grid.setAttribute("aria-activedescendant", active.row.id);
    else grid.removeAttribute("aria-activedescendant");
    title.setAttribute("aria-pressed", String(!now));
  }

  function focusOn(node) {
    if (!node) return;
    active = node;
    mark();
    node.row.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function choose(node) {
    const path = node ? node.path : "";
    if (model.get("selected") === path) return;
    model.set("selected", path);
    model.save_changes();
  }

  function jump(key) {
    const now = performance.now();
    typed = { text: (now - typed.at < 700 ? typed.text : "") + key.toLowerCase(), at: now };
    const from = active ? shown.indexOf(active) : -1;
    const start = typed.text.length > 1 ? from : from + 1;
    for (let i = 0; i < shown.length; i++) {
      const node = shown[(Math.max(start, 0) + i) % shown.length];
      if (node.name.toLowerCase().startsWith(typed.text)) return focusOn(node);
    }
  }

  const keys = {
    ArrowDown: (at) => focusOn(shown[Math.min(at + 1, shown.length - 1)]),
    ArrowUp: (at) => focusOn(shown[Math.max(at - 1, 0)]),
    Home: () => focusOn(shown[0]),
    End: () => focusOn(shown[shown.length - 1]),
    PageDown: (at) => focusOn(shown[Math.min(at + 12, shown.length - 1)]),
    PageUp: (at) => focusOn(shown[Math.max(at - 12, 0)]),
    ArrowRight: (at) => {
      if (!active?.row.hasAttribute("aria-expanded")) return;
      if (!isOpen(active)) toggle(active, true);
      else focusOn(shown[at + 1]);
    },
    ArrowLeft: () => {
      if (active?.row.getAttribute("aria-expanded") === "true") toggle(active, false);
      else if (active?.parent) focusOn(active.parent);
    },
    Enter: () => active && choose(active),
    " ": () => active && choose(active),
    "*": () => {
      for (const node of active ? (active.parent ? active.parent.children : nodes.filter((one) => !one.parent)) : nodes) if (folded(node)) node.open = true;
      layout();
    },
  };
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !shown.length) return;
    const act = keys[event.key];
    if (act) act(active ? shown.indexOf(active) : -1);
    else if (event.key.length === 1) jump(event.key);
    else return;
    event.preventDefault();
  });
  grid.addEventListener("focus", () => {
    if (active) return;
    // Nothing is scrolled: a press of the mouse brings the focus too, and the row under it must stay there until the click.
    active = chosen() ?? shown[0] ?? null;
    mark();
  });
  filter.addEventListener("input", () => {
    for (const node of nodes) if (node.open === "shut") node.open = true;
    layout();
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && filter.value) {
      filter.value = "";
      layout();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      const first = match ? shown.find((node) => match(node)) : shown[0];
      if (first) (focusOn(first), grid.focus());
      event.preventDefault();
    }
  });
  all.addEventListener("click", () => {
    model.set("everything", !model.get("everything"));
    model.save_changes();
  });
  title.addEventListener("click", () => choose(null));

  /** Whether quiet rows are in sight. */
  function everything() {
    const on = model.get("everything");
    all.setAttribute("aria-pressed", String(on));
    all.title = `Interconnects, constants, resets and what else software has no use for are ${on ? "shown" : "hidden"}`;
    if (nodes.length) layout();
  }

  /** A node chosen from Python is brought into sight: its hierarchies open. */
  function reveal() {
    const node = chosen();
    if (node) {
      for (let up = node.parent; up; up = up.parent) up.open = true;
      for (let up = node; up; up = up.parent) raised.add(up);
      active = node;
    }
    layout();
    node?.row?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function header() {
    const about = model.get("about");
    setText(title, about.name);
    badge.dataset.kind = about.device_kind;
    setText(badge, about.device);
    badge.title = about.device_hint;
    setText(detail, about.detail);
  }

  function status() {
    const text = model.get("status");
    alert.hidden = !text;
    setText(alert, text);
    root.classList.toggle("pw-stale", Boolean(text));
  }

  function reload() {
    const opened = new Set(nodes.filter((node) => node.open === true).map((node) => node.path));
    const first = nodes.length === 0;
    nodes = grow(model.get("nodes"));
    const small = nodes.filter((node) => !node.quiet).length <= 40;
    for (const node of nodes) node.open = first ? small && folded(node) : opened.has(node.path);
    const quiet = nodes.filter((node) => node.quiet).length;
    // A design of nothing but quiet modules is shown as it is.
    raised = quiet === nodes.length ? new Set(nodes) : new Set();
    all.hidden = quiet === 0 || quiet === nodes.length;
    root.style.setProperty("--address", Math.min(22, Math.max(7, ...nodes.map((node) => node.address.length))));
    const blocks = nodes.filter((node) => node.quiet && node.kind !== "hierarchy").length;
    setText(all, `Show ${blocks} quiet block${blocks === 1 ? "" : "s"}`);
    active = null;
    reveal();
  }

  const pulse = heartbeat(model, root);
  const listeners = [["change:nodes", reload], ["change:about", header], ["change:status", status], ["change:selected", reveal], ["change:everything", everything]];
  for (const [name, listen] of listeners) model.on(name, listen);
  header();
  status();
  everything();
  reload();
  return () => {
    for (const [name, listen] of listeners) model.off(name, listen);
    pulse.stop();
  };
}

export default { render };
