// A plot. Three canvases lie over one another (grid, layers, what follows the mouse), so that each is drawn only when it changed; handles
// of cursors and marks are elements above them. The page moves its view at once and tells the kernel, which sends the finer curve.

const PACE = 30; // ms between two messages about one thing
const PATIENCE = 500; // ms after which an answer is not waited for any more
const EVERY = 48; // frames after which the kernel hears that they were taken, if no beat of the second told it

function render({ model, el }) {
  const canvases = ["axes", "layers", "over"].map((name) => make("canvas", { class: "pw-plot-canvas", "data-layer": name, "aria-hidden": name === "over" ? null : "true" }));
  const canvas = canvases[2];
  const area = make("div", { class: "pw-plot-area" });
  const rules = make("div", { class: "pw-plot-rules" });
  const tip = make("div", { class: "pw-plot-tip", "aria-hidden": "true", hidden: true });
  const legend = make("div", { class: "pw-plot-legend", role: "group", "aria-label": "Layers" });
  const button = (text, name, pressed) => make("button", { type: "button", title: name, "aria-label": name, "aria-pressed": pressed ? "false" : null }, text);
  const buttons = { x: button("Δx", "Δx: cursors on x (x)", true), y: button("Δy", "Δy: cursors on y (y)", true), box: button("Box", "Box zoom (b)", true), whole: button("Whole", "Whole view (0)"), help: button("?", "? Keys of the plot") };
  const tools = make("div", { class: "pw-plot-tools", role: "toolbar", "aria-label": "View and cursors" }, ...Object.values(buttons));
  const bar = make("div", { class: "pw-plot-bar" }, legend, tools);
  const readout = make("span", { class: "pw-plot-readout" });
  const foot = make("div", { class: "pw-plot-foot", hidden: true }, readout);
  const probes = Object.fromEntries(["text", "quiet", "grid", "line", "brand", "back"].map((name) => [name, make("i", { "data-ink": name })]));
  const inks = make("span", { class: "pw-plot-inks", "aria-hidden": "true" }, ...Object.values(probes));
  area.append(...canvases, rules, tip, inks);
  const root = make("div", { class: "pw pw-plot" }, bar, area, foot);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  el.append(root);
  keepKeys(root);

  const p = {
    root, area, canvas, rules, tip, foot, readout, buttons,
    scale: makeScale(), layers: [], lanes: [], hidden: new Set(), barred: new Set(), zoom: "x",
    width: 0, height: 0, ratio: 1, left: 48, ink: {}, hover: null, selection: null, boxing: false, dragging: false, help: null,
  };
  const s = p.scale;
  const pens = canvases.map((one) => one.getContext("2d"));
  let frame = 0; // the newest that was taken
  let reported = 0; // the newest that the kernel knows to be taken
  let curves = 0; // the newest that brought layers
  let stopped = false;
  let onScreen = false;
  let asked = 0;
  const stale = new Set();
  const place = { width: 0, height: 0 }; // of the drawing, as it was last laid out: to ask each time would lay out the page each time

  // Drawing: once a picture of the screen, and only what changed.

  p.dirty = (...what) => {
    for (const name of what) stale.add(name);
    if (!asked && onScreen && !stopped) asked = requestAnimationFrame(paint);
  };

  function paint() {
    asked = 0;
    if (stopped || !fit()) return;
    if (stale.has("axes")) {
      // The ticks tell how wide they are, and the box follows: once, or twice.
      for (let turn = 0; turn < 3; turn++) {
        s.box = { left: p.left, top: 24, width: Math.max(p.width - p.left - 12, 10), height: Math.max(p.height - 24 - 38, 10) };
        s.fit();
        if (!drawAxes(pens[0], p)) break;
      }
      stale.add("layers").add("rules");
    }
    if (stale.has("layers")) {
      drawLayers(pens[1], p);
      if (canvas.dataset.frame !== String(curves)) canvas.dataset.frame = curves;
      // A canvas that is touched is put together with the page anew: not for nothing.
      if (p.hover) stale.add("overlay");
      if (stale.has("frame") && cursorsShown()) stale.add("rules");
    }
    if (stale.has("overlay")) drawOverlay(pens[2], p);
    if (stale.has("rules")) cursors.draw();
    stale.clear();
    summarise();
  }

  const cursorsShown = () => !foot.hidden;

  /** Canvases as large as their place, in the device's own pixels; false where there is no place. */
  function fit() {
    const { width, height } = place;
    const ratio = window.devicePixelRatio || 1;
    if (!width || !height) return false;
    if (width === p.width && height === p.height && ratio === p.ratio) return true;
    Object.assign(p, { width, height, ratio });
    canvases.forEach((one, i) => {
      one.width = Math.round(width * ratio);
      one.height = Math.round(height * ratio);
      pens[i].setTransform(one.width / width, 0, 0, one.height / height, 0, 0);
    });
    stale.add("axes").add("layers").add("overlay").add("rules");
    return true;
  }

  function inkNow() {
    const ink = { font: getComputedStyle(root).fontFamily, mono: getComputedStyle(probes.text).fontFamily };
    for (const [name, probe] of Object.entries(probes)) ink[name] = getComputedStyle(probe).color;
    const back = ink.back.match(/[\d.]+/g)?.map(Number) ?? [255, 255, 255];
    const scale = ink.back.startsWith("color(") ? 255 : 1;
    ink.dark = (back[0] * 0.299 + back[1] * 0.587 + back[2] * 0.114) * scale < 128;
    if (JSON.stringify(ink) === JSON.stringify(p.ink)) return;
    p.ink = ink;
    root.classList.toggle("pw-plot-dark", ink.dark);
    paintLegend();
    p.dirty("axes");
  }

  // What is said of it, for those who hear: not more often than one can listen.

  let said = 0;
  let saying = 0;
  function summarise() {
    if (saying) return;
    saying = setTimeout(() => {
      saying = 0;
      said = performance.now();
      const label = summary();
      if (canvas.getAttribute("aria-label") !== label) canvas.setAttribute("aria-label", label);
    }, Math.max(0, (said ? 2000 : 0) - (performance.now() - said)));
  }

  function summary() {
    const shown = p.layers.filter((layer) => !p.hidden.has(layer.name));
    const names = shown.flatMap((layer) => (layer.kind === "lanes" ? layer.traces.map((trace) => trace.name) : [layer.name])).filter(Boolean);
    const span = (name) => `${s.axes[name].label || name} from ${trimmed(s.text(name, s.seen[name][0]))} to ${trimmed(s.text(name, s.seen[name][1]))}${s.axes[name].log ? ", logarithmic" : ""}`;
    const what = names.length ? `${names.slice(0, 8).join(", ")}${names.length > 8 ? ` and ${names.length - 8} more` : ""}. ` : shown.length ? "" : "Nothing drawn. ";
    return `${model.get("label")}: ${what}${span("x")}; ${p.lanes.length ? "" : `${span("y")}. `}Press ? for keys.`;
  }

  function paintLegend() {
    const named = p.layers.filter((layer) => layer.name && layer.kind !== "lanes");
    const wanted = JSON.stringify([named.map((layer) => [layer.name, layer.kind === "picture" ? "" : colourOf(p, layer)]), [...p.hidden]]);
    if (legend.dataset.shown === wanted) return;
    legend.dataset.shown = wanted;
    const focused = legend.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    const entry = (layer) => {
      const shown = !p.hidden.has(layer.name);
      const swatch = layer.kind === "picture" ? null : make("i", { style: `background:${colourOf(p, layer)}` });
      const node = make("button", { type: "button", "data-name": layer.name, "aria-pressed": String(shown), title: shown ? "Hide it" : "Show it" }, swatch, make("span", {}, layer.name));
      node.addEventListener("click", () => {
        if (!p.hidden.delete(layer.name)) p.hidden.add(layer.name);
        post(model, { kind: "hide", view: pulse.view, names: [...p.hidden] });
        paintLegend();
        p.dirty("layers");
      });
      return node;
    };
    // A picture alone, or one line without a name, needs no legend.
    legend.replaceChildren(...(named.length > 1 || named.some((layer) => layer.kind !== "picture") ? named.map(entry) : []));
    if (focused) [...legend.children].find((node) => node.dataset.name === focused)?.focus();
  }

  // To the kernel: the newest only, paced, and of a view none before the last was answered.

  const waiting = new Map();
  const sentAt = new Map();
  let serial = 0;
  let answered = 0;
  let timer = 0;

  function tell(content, key) {
    waiting.set(key, content);
    pump();
  }

  function pump() {
    clearTimeout(timer);
    const now = performance.now();
    let soonest = Infinity;
    for (const [key, content] of waiting) {
      const since = now - (sentAt.get(key) ?? -Infinity);
      const wait = Math.max(PACE - since, key === "view" && answered < serial ? PATIENCE - since : 0);
      if (wait > 0) {
        soonest = Math.min(soonest, wait);
        continue;
      }
      waiting.delete(key);
      sentAt.set(key, now);
      if (key === "view") serial += 1;
      post(model, { ...content, view: pulse.view, ...(key === "view" ? { serial } : {}) });
    }
    if (soonest < Infinity && !stopped) timer = setTimeout(pump, soonest);
  }

  p.moved = () => {
    p.dirty("axes");
    const of = ["x", "y"].map((name) => [s.axes[name].label, s.axes[name].unit]);
    tell({ kind: "view", x: s.told("x"), y: s.told("y"), of }, "view");
  };

  const acts = {
    whole: () => s.all() && p.moved(),
    box: (on) => {
      p.boxing = on;
      buttons.box.setAttribute("aria-pressed", String(on));
      root.classList.toggle("pw-plot-boxing", on);
      if (!on && p.selection) {
        p.selection = null;
        p.dirty("overlay");
      }
    },
    cursors: (axis) => cursors.toggle(axis),
    help: () => openPlotHelp(p),
  };
  const cursors = makeCursors(p, tell);
  const gestures = makeGestures(p, acts);
  buttons.x.addEventListener("click", () => acts.cursors("x"));
  buttons.y.addEventListener("click", () => acts.cursors("y"));
  buttons.box.addEventListener("click", () => acts.box(!p.boxing));
  buttons.whole.addEventListener("click", acts.whole);
  buttons.help.addEventListener("click", acts.help);

  // From the kernel.

  function onMessage(content, buffers) {
    if (content.kind !== "draw") return;
    frame = content.n;
    if (content.layers) {
      const old = p.layers;
      curves = frame;
      p.layers = decodeLayers(content.layers, buffers, old, () => p.dirty("layers"));
      p.lanes = p.layers.filter((layer) => layer.kind === "lanes").flatMap((layer) => layer.traces);
      p.zoom = content.zoom;
      s.equal = content.equal === true;
      const before = JSON.stringify([s.axes, s.seen]);
      for (const name of ["x", "y"]) if (s.setAxis(name, content[name])) waiting.delete("view");
      s.fit();
      if (before !== JSON.stringify([s.axes, s.seen]) || p.lanes.length) p.dirty("axes");
      paintLegend();
    }
    if (content.hidden) {
      p.hidden = new Set(content.hidden);
      paintLegend();
    }
    if (content.view && content.view.by !== pulse.view && !(waiting.has("view") || p.dragging)) {
      for (const name of ["x", "y"]) s.take(name, content.view[name]);
      p.dirty("axes");
    }
    if (content.cursors && content.cursors.by !== pulse.view) cursors.take(content.cursors);
    if (content.marks && content.marks.by !== pulse.view) cursors.takeMarks(content.marks.all);
    p.dirty("layers", "frame");
    if (content.answers?.[pulse.view] !== undefined) {
      answered = Math.max(answered, content.answers[pulse.view]);
      pump();
    }
    if (frame - reported >= EVERY) pulse.beat();
  }

  const columns = () => Math.round(s.box.width * Math.min(p.ratio, 2));
  let ticking = 0;
  const pulse = heartbeat(model, root, () => {
    if (ticking++ % 2 === 0) inkNow();
    reported = frame;
    return { seen: frame, columns: p.width ? columns() : 0 };
  });
  const paintHeight = () => {
    area.style.height = `${model.get("height")}px`;
  };
  const seen = new IntersectionObserver((entries) => {
    onScreen = entries[entries.length - 1].isIntersecting;
    if (onScreen) p.dirty("overlay");
  });
  seen.observe(root);
  const measure = () => Object.assign(place, { width: area.clientWidth, height: area.clientHeight });
  const resized = new ResizeObserver(() => {
    measure();
    const before = columns();
    if (onScreen && !stopped && fit()) {
      // In the same picture of the screen: a canvas of another size is empty.
      cancelAnimationFrame(asked);
      paint();
    }
    if (Math.abs(columns() - before) > 0.1 * before) pulse.beat();
  });
  const themed = new MutationObserver(() => setTimeout(inkNow, 50));
  themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] });
  model.on("msg:custom", onMessage);
  model.on("change:height", paintHeight);
  model.on("change:label", summarise);
  paintHeight();
  inkNow();
  resized.observe(area);
  measure();
  fit();
  s.box.width = Math.max(p.width - p.left - 12, 10);
  post(model, { kind: "hello", view: pulse.view, visible: false, columns: p.width ? columns() : 0 });
  return () => {
    stopped = true;
    clearTimeout(timer);
    clearTimeout(saying);
    cancelAnimationFrame(asked);
    model.off("msg:custom", onMessage);
    model.off("change:height", paintHeight);
    model.off("change:label", summarise);
    for (const observer of [seen, resized, themed]) observer.disconnect();
    gestures.stop();
    pulse.stop();
    for (const layer of p.layers) layer.bitmap?.close();
  };
}

export default { render };
