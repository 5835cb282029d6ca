// Cursors and marks: lines across the plot with handles that mouse and keyboard move. Each handle is an element (a slider), so that it
// can be reached by Tab and tells its value.

const KINDS = { trigger: "Trigger", dma: "DMA", note: "Note" };

/** `changed(cursors)` and `moved(mark)` tell the kernel. */
function makeCursors(p, tell) {
  const s = p.scale;
  const cursors = { x: [], y: [] };
  let marks = [];
  const handles = { x: [], y: [] };
  let markHandles = [];
  let dragged = null; // the handle in a hand: what the kernel says of it meanwhile waits

  function handle(axis, name, draggable, kind) {
    const tag = make("span", { class: "pw-plot-tag" });
    const attributes = { class: "pw-plot-rule", "data-axis": axis, "data-kind": kind };
    if (draggable) Object.assign(attributes, { role: "slider", tabindex: 0, "aria-label": name, "aria-orientation": axis === "x" ? "horizontal" : "vertical" });
    const node = make("div", attributes, make("i"), tag);
    node.tag = tag;
    p.rules.append(node);
    return node;
  }

  function drag(node, axis, get, set) {
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      event.stopPropagation();
      node.setPointerCapture(event.pointerId);
      node.focus({ preventScroll: true });
      dragged = node;
      p.dragging = true;
    });
    node.addEventListener("pointermove", (event) => {
      if (dragged !== node) return;
      const bounds = p.area.getBoundingClientRect();
      set(limited(axis, s.placeAt(axis, axis === "x" ? event.clientX - bounds.left : event.clientY - bounds.top)));
    });
    const drop = () => {
      if (dragged !== node) return;
      dragged = null;
      p.dragging = false;
    };
    node.addEventListener("pointerup", drop);
    node.addEventListener("pointercancel", drop);
    node.addEventListener("lostpointercapture", drop);
    node.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const back = axis === "x" ? "ArrowLeft" : "ArrowDown";
      const on = axis === "x" ? "ArrowRight" : "ArrowUp";
      const [low, high] = s.seen[axis];
      const by = s.pixelSpan(axis) * (event.shiftKey ? 10 : 1);
      const places = { [back]: get() - by, [on]: get() + by, PageDown: get() - (high - low) / 10, PageUp: get() + (high - low) / 10, Home: low, End: high };
      if (event.key in places) set(limited(axis, places[event.key]));
      else if (event.key === "Delete" && node.remove_) node.remove_();
      else if (!event.key.startsWith("Arrow")) return p.keys(event);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  const limited = (axis, place) => Math.min(Math.max(place, s.seen[axis][0]), s.seen[axis][1]);

  function makeCursor(axis, i) {
    const node = handle(axis, `Cursor ${"AB"[i]} on ${axis}`, true, "cursor");
    drag(node, axis, () => cursors[axis][i], (place) => {
      cursors[axis][i] = place;
      told();
    });
    node.remove_ = () => api.toggle(axis);
    return node;
  }

  function told() {
    p.dirty("rules");
    tell({ kind: "cursors", x: cursors.x.map((place) => outward(s.axes.x, place)), y: cursors.y.map((place) => outward(s.axes.y, place)) }, "cursors");
  }

  function place(node, axis, at, text, name) {
    const pixel = s.pixel(axis, at);
    const [start, length] = axis === "x" ? [s.box.left, s.box.width] : [s.box.top, s.box.height];
    node.hidden = !(pixel >= start - 0.5 && pixel <= start + length + 0.5);
    if (node.hidden) return;
    const [left, top] = axis === "x" ? [pixel, s.box.top] : [s.box.left, pixel];
    node.style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)`;
    node.style.setProperty("--long", `${axis === "x" ? s.box.height : s.box.width}px`);
    node.classList.toggle("pw-plot-flip", axis === "x" && pixel > s.box.left + s.box.width - 90);
    setText(node.tag, name);
    if (node.getAttribute("role")) {
      const [low, high] = s.seen[axis];
      for (const [key, value] of [["valuemin", low], ["valuemax", high], ["valuenow", at]]) node.setAttribute(`aria-${key}`, String(outward(s.axes[axis], value)));
      node.setAttribute("aria-valuetext", text);
    }
  }

  /** Put all where it belongs. */
  function draw() {
    for (const axis of ["x", "y"]) {
      while (handles[axis].length > cursors[axis].length) handles[axis].pop().remove();
      while (handles[axis].length < cursors[axis].length) handles[axis].push(makeCursor(axis, handles[axis].length));
      cursors[axis].forEach((at, i) => {
        const held = axis === "x" ? valuesAt(p, at).slice(0, 6).map(({ name, text }) => `${name} ${text}`) : [];
        place(handles[axis][i], axis, at, [s.text(axis, at), ...held].join("; "), "AB"[i]);
      });
    }
    marks.forEach((mark, i) => place(markHandles[i], mark.axis, mark.at, s.text(mark.axis, mark.at), mark.label || KINDS[mark.kind]));
    setText(p.readout, readout());
    p.foot.hidden = !cursors.x.length && !cursors.y.length;
    for (const axis of ["x", "y"]) p.buttons[axis].setAttribute("aria-pressed", String(cursors[axis].length > 0));
  }

  /** What each visible line is at the cursors on x, a row each, and by how much it differs. */
  function rowsOfLines() {
    const { unit, log } = s.axes.y;
    const held = cursors.x.map((place_) => valuesAt(p, place_).filter((one) => one.colour));
    const names = [...new Set(held.flat().map((one) => one.name))];
    return names.map((name) => {
      const at_ = held.map((ones) => ones.find((one) => one.name === name));
      const texts = at_.map((one, i) => `${"AB"[i]} ${one?.text ?? "no value"}`);
      if (at_.length === 2 && at_.every((one) => one?.span)) {
        // Where a column holds many samples, the difference lies between two.
        const [a, b] = at_.map((one) => one.span.map((place_) => outward(s.axes.y, place_)));
        const fine = log ? 0 : at_.every((one) => one.whole) && !prefixed(unit) ? 1 : s.pixelSpan("y") / 2;
        const ends = [...new Set([b[0] - a[1], b[1] - a[0]])].map((value) => valueText(value, unit, fine));
        texts.push(`Δ ${ends.join(" … ")}`);
      }
      return [name || s.axes.y.label || "y", ...texts].join("   ");
    });
  }

  function readout() {
    return [placesText(), ...rowsOfLines()].filter(Boolean).join("\n");
  }

  function placesText() {
    const parts = [];
    for (const axis of ["x", "y"]) {
      const places = cursors[axis].map((place_) => outward(s.axes[axis], place_));
      const { unit } = s.axes[axis];
      places.forEach((value, i) => parts.push(`${axis}${"₁₂"[i]} ${s.text(axis, cursors[axis][i])}`));
      if (places.length < 2) continue;
      const difference = places[1] - places[0];
      const fine = s.axes[axis].log ? 0 : s.pixelSpan(axis) / 2;
      parts.push(`Δ${axis} ${valueText(difference, unit, fine)}`);
      if (axis === "x" && difference) parts.push(unit === "s" ? `1/Δx ${valueText(1 / Math.abs(difference), "Hz")}` : unit === "Hz" ? `1/Δx ${valueText(1 / Math.abs(difference), "s")}` : "");
    }
    return parts.filter(Boolean).join("   ");
  }

  const api = {
    draw,
    readout,
    holding: () => dragged !== null,
    /** Cursors of the kernel's. */
    take(news) {
      if (dragged) return;
      for (const axis of ["x", "y"]) cursors[axis] = news[axis].map((value) => inward(s.axes[axis], value));
      p.dirty("rules");
    },
    takeMarks(all) {
      const now = all.map(([at_, axis, label, kind, draggable], n) => ({ at: inward(s.axes[axis], at_), axis, label, kind, draggable, n }));
      const same = now.length === marks.length && now.every((mark, i) => mark.axis === marks[i].axis && mark.kind === marks[i].kind && mark.draggable === marks[i].draggable && mark.label === marks[i].label);
      if (!same) {
        for (const node of markHandles) node.remove();
        dragged = markHandles.includes(dragged) ? null : dragged;
        markHandles = now.map((mark) => {
          const node = handle(mark.axis, mark.label || KINDS[mark.kind], mark.draggable, mark.kind);
          if (mark.draggable)
            drag(node, mark.axis, () => marks[mark.n].at, (place_) => {
              marks[mark.n].at = place_;
              p.dirty("rules");
              tell({ kind: "mark", n: mark.n, label: mark.label, at: outward(s.axes[mark.axis], place_) }, `mark${mark.n}`);
            });
          return node;
        });
      }
      marks = now.map((mark, i) => (markHandles[i] === dragged ? { ...mark, at: marks[i].at } : mark));
      p.dirty("rules");
    },
    /** Two cursors on `axis`, or none. */
    toggle(axis) {
      const [low, high] = s.seen[axis];
      const had = cursors[axis].length > 0;
      cursors[axis] = had ? [] : [low + (high - low) / 3, low + ((high - low) * 2) / 3];
      told();
      draw();
      if (had) p.canvas.focus({ preventScroll: true });
      else handles[axis][0].focus({ preventScroll: true });
    },
  };
  return api;
}
