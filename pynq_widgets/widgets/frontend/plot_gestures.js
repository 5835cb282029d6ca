// Moving the view: wheel, drag, pinch, box and keys. `p.moved()` is called with each step.

const QUIET = 250; // ms: a wheel that has been turning elsewhere goes on there

function makeGestures(p, acts) {
  const s = p.scale;
  const { canvas } = p;
  const fingers = new Map();
  let grip = null; // what the drag began with
  let elsewhere = -Infinity;

  const point = (event) => {
    const bounds = p.area.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  };
  /** The axes that a place is about: those of the ticks it lies on, or both. */
  const axesAt = ({ x, y }) => (x < s.box.left && y <= s.box.top + s.box.height ? "y" : y > s.box.top + s.box.height ? "x" : "");

  function zoom(names, factor, where) {
    let changed = false;
    if (s.equal) names = "xy";
    if (names.includes("x")) changed = s.zoom("x", factor, where && s.xAt(where.x)) || changed;
    if (names.includes("y") && !p.lanes.length) changed = s.zoom("y", factor, where && s.yAt(where.y)) || changed;
    if (changed) p.moved();
    return changed;
  }

  canvas.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey || performance.now() - elsewhere < QUIET) return;
    const turned = event.deltaY || event.deltaX;
    const where = point(event);
    if (!turned) return;
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) && !event.shiftKey;
    const pixels = (event.deltaMode ? 33 : 1) * turned;
    const factor = Math.exp(Math.min(Math.max(pixels, -240), 240) * 0.002);
    const names = axesAt(where) || (event.shiftKey ? "y" : event.altKey ? "xy" : p.zoom);
    const changed = sideways ? s.pan("x", event.deltaX * s.pixelSpan("x")) && (p.moved(), true) : zoom(names, factor, where);
    // Where nothing is left to zoom out of, the notebook scrolls on.
    if (changed || turned < 0) event.preventDefault();
  }, { passive: false });
  const turning = (event) => {
    if (!p.area.contains(event.target)) elsewhere = performance.now();
    else if (performance.now() - elsewhere < QUIET) elsewhere = performance.now();
  };
  document.addEventListener("wheel", turning, { capture: true, passive: true });

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 && event.pointerType === "mouse") return;
    canvas.focus({ preventScroll: true });
    const where = point(event);
    fingers.set(event.pointerId, where);
    canvas.setPointerCapture(event.pointerId);
    begin(event, where);
  });

  function begin(event, where) {
    p.selection = null;
    if (fingers.size === 2) {
      const [a, b] = [...fingers.values()];
      grip = { pinch: true, a: { ...a }, b: { ...b }, seen: { x: [...s.seen.x], y: [...s.seen.y] } };
    } else if (fingers.size === 1) {
      const box = (p.boxing || event?.shiftKey) && s.inside(where.x, where.y);
      grip = { box, from: where, seen: { x: [...s.seen.x], y: [...s.seen.y] }, names: axesAt(where) || "xy", moved: false };
    } else grip = null;
    p.dragging = fingers.size > 0 && !p.boxing;
    canvas.classList.toggle("pw-plot-grabbing", p.dragging);
    p.dirty("overlay");
  }

  canvas.addEventListener("pointermove", (event) => {
    const where = point(event);
    if (event.pointerType === "mouse" || fingers.size) p.hover = where;
    p.dirty("overlay");
    if (!fingers.has(event.pointerId) || !grip) return;
    fingers.set(event.pointerId, where);
    if (grip.pinch) pinch();
    else if (grip.box) p.selection = boxOf(grip.from, where);
    else drag(where);
  });

  function drag(where) {
    if (!grip.moved && Math.hypot(where.x - grip.from.x, where.y - grip.from.y) < 3) return;
    grip.moved = true;
    let changed = false;
    const shift = (name, pixels) => {
      const [low, high] = grip.seen[name];
      const by = pixels * ((high - low) / (name === "x" ? s.box.width : s.box.height));
      changed = s.show(name, [low + by, high + by]) || changed;
    };
    if (grip.names.includes("x")) shift("x", grip.from.x - where.x);
    // A whole that follows its data is not let go by a hand that trembles; on the ticks it is meant.
    if (grip.names === "y" || (grip.names === "xy" && (s.held.y || p.zoom !== "x") && !p.lanes.length)) shift("y", where.y - grip.from.y);
    if (changed) p.moved();
  }

  function pinch() {
    const [a, b] = [...fingers.values()];
    let changed = false;
    for (const [name, key, start, length, sign] of [["x", "x", s.box.left, s.box.width, 1], ["y", "y", s.box.top + s.box.height, s.box.height, -1]]) {
      const before = Math.abs(grip.a[key] - grip.b[key]);
      const now = Math.abs(a[key] - b[key]);
      if (!p.zoom.includes(name) || before < 24 || now < 8 || (name === "y" && p.lanes.length)) continue;
      const [low, high] = grip.seen[name];
      const span = ((high - low) * before) / now;
      const was = low + ((sign * ((grip.a[key] + grip.b[key]) / 2 - start)) / length) * (high - low);
      const first = was - ((sign * ((a[key] + b[key]) / 2 - start)) / length) * span;
      changed = s.show(name, [first, first + span]) || changed;
    }
    if (changed) p.moved();
  }

  function boxOf(a, b) {
    const clip = (value, start, length) => Math.min(Math.max(value, start), start + length);
    const x = [a.x, b.x].map((value) => clip(value, s.box.left, s.box.width)).sort((m, n) => m - n);
    let y = [a.y, b.y].map((value) => clip(value, s.box.top, s.box.height)).sort((m, n) => m - n);
    // A flat box is about x alone, a narrow one about y.
    if (y[1] - y[0] < 12 || p.lanes.length) y = [s.box.top, s.box.top + s.box.height];
    else if (x[1] - x[0] < 12) x.splice(0, 2, s.box.left, s.box.left + s.box.width);
    return { x: x[0], y: y[0], width: x[1] - x[0], height: y[1] - y[0] };
  }

  function release(event) {
    if (!fingers.delete(event.pointerId)) return;
    const chosen = event.type === "pointerup" && grip?.box ? p.selection : null;
    begin(null, [...fingers.values()][0]);
    if (chosen && (chosen.width > 4 || chosen.height > 4)) {
      const whole = { x: chosen.width >= s.box.width - 1, y: chosen.height >= s.box.height - 1 };
      const spans = { x: [s.xAt(chosen.x), s.xAt(chosen.x + chosen.width)], y: [s.yAt(chosen.y + chosen.height), s.yAt(chosen.y)] };
      for (const name of ["x", "y"]) if (!whole[name]) s.show(name, spans[name]);
      p.moved();
      acts.box(false);
    }
  }
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, release);
  canvas.addEventListener("pointerleave", () => {
    p.hover = null;
    p.dirty("overlay");
  });
  canvas.addEventListener("dblclick", () => acts.whole());

  p.keys = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pan = (name, part) => s.pan(name, part * (s.seen[name][1] - s.seen[name][0])) && p.moved();
    const keys = event.shiftKey
      ? { ArrowLeft: () => zoom("x", 1.25), ArrowRight: () => zoom("x", 0.8), ArrowDown: () => zoom("y", 1.25), ArrowUp: () => zoom("y", 0.8), "+": () => zoom(p.zoom, 0.8), "?": acts.help, X: () => acts.cursors("x"), Y: () => acts.cursors("y") }
      : {
          ArrowLeft: () => pan("x", -0.125),
          ArrowRight: () => pan("x", 0.125),
          ArrowDown: () => p.lanes.length || pan("y", -0.125),
          ArrowUp: () => p.lanes.length || pan("y", 0.125),
          PageUp: () => pan("x", -1),
          PageDown: () => pan("x", 1),
          "+": () => zoom(p.zoom, 0.8),
          "=": () => zoom(p.zoom, 0.8),
          "-": () => zoom(p.zoom, 1.25),
          0: acts.whole,
          Home: acts.whole,
          x: () => acts.cursors("x"),
          y: () => acts.cursors("y"),
          b: () => acts.box(!p.boxing),
          Escape: () => acts.box(false),
          "?": acts.help,
        };
    if (!keys[event.key]) return;
    keys[event.key]();
    event.preventDefault();
  };
  canvas.addEventListener("keydown", p.keys);

  return { stop: () => document.removeEventListener("wheel", turning, { capture: true }) };
}
