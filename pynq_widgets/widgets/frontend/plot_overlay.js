// What stands under the mouse: a hair line, a dot on each line, and their values in a small box.

/** What the visible layers hold at a place of x, for read-outs: name, colour and text; of lines also the `span` of places of y (null: no
 * value) and the `at` of the sample, as text, where it is one. */
function valuesAt(p, x, y = null) {
  const s = p.scale;
  const found = [];
  for (const layer of p.layers) {
    if (p.hidden.has(layer.name)) continue;
    if (layer.kind === "line" && layer.x.n) {
      const steps = layer.style === "steps" && !layer.wide;
      const i = steps ? sampleBefore(layer.x, x) : nearest(layer.x, x);
      const pair = layer.wide ? i - (i % 2) : i;
      const a = exact(layer.y, pair);
      const b = layer.wide && pair + 1 < layer.x.n ? exact(layer.y, pair + 1) : a;
      const sample = exact(layer.x, pair);
      // A step holds until the next.
      if (Math.abs(sample - x) > reach(layer, s) && !(steps && sample <= x && pair < layer.x.n - 1)) continue;
      const [low, high] = a < b ? [a, b] : [b, a];
      const { whole } = layer.y;
      const text = a !== a ? "no value" : low === high ? s.text("y", a, whole) : `${s.text("y", low, whole)} … ${s.text("y", high, whole)}`;
      const alone = !layer.wide;
      found.push({ name: layer.name, colour: colourOf(p, layer), text, whole, span: a === a ? [low, high] : null, x: alone && !steps ? sample : x, at: alone ? s.text("x", sample, layer.x.whole) : null });
    } else if (layer.kind === "lanes") {
      layer.traces.forEach((trace, i) => {
        const low = layer.traces.length - i - 1;
        if (y !== null && !(y >= low && y < low + 1)) return;
        const k = Math.min(firstFrom(trace.x, x + 1e-300) - 1, trace.low.length - 1);
        if (k >= 0) found.push({ name: trace.name, colour: null, text: trace.busy[k] ? "many edges" : laneText(trace, k), span: null, x, at: null });
      });
    }
  }
  return found;
}

/** How far beside its last point a line still has a value: a column, or a few pixels. */
function reach(layer, s) {
  const spacing = layer.x.even ? Math.abs(layer.x.step) * (layer.wide ? 2 : 1) : 0;
  return Math.max(spacing, 12 * s.pixelSpan("x"));
}

function nearest(c, place) {
  const i = firstFrom(c, place);
  if (i >= c.n) return c.n - 1;
  return i > 0 && place - at(c, i - 1) < at(c, i) - place ? i - 1 : i;
}

/** The last point at or before `place`; the first where there is none. */
function sampleBefore(c, place) {
  const i = firstFrom(c, place);
  return Math.max(i < c.n && at(c, i) === place ? i : i - 1, 0);
}

/** The point of a scatter that is nearest to a pixel, within a few of them. */
function nearestPoint(p, layer, px, py) {
  let best = null;
  let least = 144;
  for (let i = 0; i < layer.x.n; i++) {
    const x = p.scale.px(at(layer.x, i));
    const y = p.scale.py(at(layer.y, i));
    const distance = (x - px) ** 2 + (y - py) ** 2;
    if (distance < least) [least, best] = [distance, { i, x, y }];
  }
  return best;
}

function drawOverlay(pen, p) {
  const s = p.scale;
  const { box } = s;
  pen.clearRect(0, 0, p.width, p.height);
  if (p.selection) {
    const { x, y, width, height } = p.selection;
    pen.fillStyle = pen.strokeStyle = p.ink.brand;
    pen.globalAlpha = 0.15;
    pen.fillRect(x, y, width, height);
    pen.globalAlpha = 1;
    pen.lineWidth = 1;
    pen.strokeRect(x + 0.5, y + 0.5, width, height);
  }
  const h = p.hover;
  p.tip.hidden = !h || !s.inside(h.x, h.y) || Boolean(p.selection) || p.dragging;
  if (p.tip.hidden) return;
  const x = s.xAt(h.x);
  const lines = [];
  const held = valuesAt(p, x, s.yAt(h.y));
  const snapped = held.find((one) => one.at !== null);
  const lanes = p.lanes.length > 0;
  pen.strokeStyle = p.ink.quiet;
  pen.globalAlpha = 0.6;
  pen.lineWidth = 1;
  pen.setLineDash([3, 3]);
  pen.beginPath();
  const inBox = (px) => px >= box.left && px <= box.left + box.width;
  const hair = Math.round(snapped && inBox(s.px(snapped.x)) ? s.px(snapped.x) : h.x) + 0.5;
  pen.moveTo(hair, box.top);
  pen.lineTo(hair, box.top + box.height);
  const crossed = !p.layers.some((layer) => layer.kind === "line" || layer.kind === "lanes");
  if (crossed) {
    pen.moveTo(box.left, Math.round(h.y) + 0.5);
    pen.lineTo(box.left + box.width, Math.round(h.y) + 0.5);
  }
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 1;
  for (const { name, colour, text, span, x: at_ } of held) {
    lines.push([colour, name, text]);
    const px = s.px(at_);
    for (const place of span && inBox(px) ? new Set(span) : []) {
      const py = s.py(place);
      if (py < box.top || py > box.top + box.height) continue;
      pen.beginPath();
      pen.arc(px, py, 3, 0, 2 * Math.PI);
      pen.fillStyle = colour;
      pen.fill();
      pen.lineWidth = 1.5;
      pen.strokeStyle = p.ink.back;
      pen.stroke();
    }
  }
  for (const layer of p.layers) {
    if (layer.kind !== "scatter" || p.hidden.has(layer.name)) continue;
    const point = nearestPoint(p, layer, h.x, h.y);
    if (!point) continue;
    lines.push([colourOf(p, layer), layer.name, `${s.text("x", exact(layer.x, point.i), layer.x.whole)}, ${s.text("y", exact(layer.y, point.i), layer.y.whole)}`]);
    pen.beginPath();
    pen.arc(point.x, point.y, 4, 0, 2 * Math.PI);
    pen.strokeStyle = p.ink.text;
    pen.lineWidth = 1.5;
    pen.stroke();
  }
  paintTip(p, h, [snapped?.at ?? s.text("x", x), ...(crossed && !lanes ? [s.text("y", s.yAt(h.y))] : [])].join(", "), lines);
}

function paintTip(p, h, head, lines) {
  const rows = p.tip.children;
  while (rows.length < lines.length + 1) p.tip.append(make("div", {}, make("i"), make("span"), make("b")));
  [[null, "", head], ...lines].forEach(([colour, name, text], i) => {
    const [swatch, label, value] = rows[i].children;
    rows[i].hidden = false;
    swatch.hidden = !colour;
    if (colour) swatch.style.background = colour;
    setText(label, name);
    setText(value, text);
  });
  for (let i = lines.length + 1; i < rows.length; i++) rows[i].hidden = true;
  const { box } = p.scale;
  const width = p.tip.offsetWidth;
  const height = p.tip.offsetHeight;
  const left = h.x + 14 + width > box.left + box.width ? h.x - 14 - width : h.x + 14;
  const top = Math.min(Math.max(h.y - height - 10, 2), Math.max(p.height - height - 2, 2));
  p.tip.style.transform = `translate(${Math.round(Math.max(left, 2))}px, ${Math.round(top)}px)`;
}
