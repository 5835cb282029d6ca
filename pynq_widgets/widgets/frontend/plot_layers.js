// What is drawn: the kernel's arrays, taken from the binary frame, and the strokes they become.

const COLOURS = ["#1668b8", "#b3500a", "#1d7a4c", "#8446b5", "#8a6a00", "#b82f5c", "#0b737c", "#5f6368"];
const DARK_COLOURS = ["#5aa9f5", "#f19a4b", "#4cc38a", "#c79bef", "#dab73c", "#f47f9b", "#47c4cc", "#aab0b6"];
const FAR = 1e6; // pixels: what lies beyond is drawn there, since a canvas counts in 32-bit floats

/** The layers of a message; pictures are decoded beside and call `ready` when they can be drawn. */
function decodeLayers(told, buffers, old, ready) {
  const joined = buffers?.[0];
  // A copy: the message's bytes stand wherever they stand, and arrays of floats begin at multiples of four.
  const data = joined ? joined.buffer.slice(joined.byteOffset, joined.byteOffset + joined.byteLength) : new ArrayBuffer(0);
  const floats = (coded) => ("n" in coded ? { first: coded.first, step: coded.step, n: coded.n, even: true, whole: Number.isInteger(coded.first) && Number.isInteger(coded.step) } : { offset: coded.o, scale: coded.s, data: new Float32Array(data, coded.at[0], coded.at[1]), n: coded.at[1], even: false, whole: coded.whole === true });
  const words = ([at, count]) => new Uint32Array(data, at, count);
  let coloured = 0;
  return told.map((layer) => {
    const known = { ...layer, place: layer.kind === "line" || layer.kind === "scatter" ? coloured++ : 0 };
    if (layer.kind === "line" || layer.kind === "scatter") Object.assign(known, { x: floats(layer.x), y: floats(layer.y) });
    if (layer.kind === "lanes")
      known.traces = layer.traces.map((trace) => ({ ...trace, x: floats(trace.x), low: words(trace.low), high: trace.high && words(trace.high), busy: new Uint8Array(data, ...trace.busy) }));
    if (layer.kind === "picture") takePicture(known, buffers[layer.image], old, ready);
    return known;
  });
}

function takePicture(layer, bytes, old, ready) {
  // Until it is decoded the last one stays.
  const before = old.find((one) => one.kind === "picture" && one.name === layer.name && one.bitmap);
  layer.bitmap = null;
  layer.before = before ? { bitmap: before.bitmap, extent: before.extent } : null;
  createImageBitmap(new Blob([bytes], { type: layer.mime })).then(
    (bitmap) => {
      layer.before = null;
      layer.bitmap = bitmap;
      ready();
    },
    () => {
      layer.broken = true;
      ready();
    },
  );
}

const colourOf = (p, layer) => layer.colour ?? (p.ink.dark ? DARK_COLOURS : COLOURS)[layer.place % COLOURS.length];

/** The value of point `i` of a coordinate, in the plot's own count. */
const at = (c, i) => (c.even ? c.first + c.step * i : c.offset + c.scale * c.data[i]);

/** The same without what 32 bits lose of whole numbers. */
const exact = (c, i) => (c.whole ? Math.round(at(c, i)) : at(c, i));

/** Pixels of a coordinate as `i * a + b` (even) or `data[i] * a + b`. */
function affine(c, pixelsPerUnit, zero) {
  return c.even ? [c.step * pixelsPerUnit, c.first * pixelsPerUnit + zero] : [c.scale * pixelsPerUnit, c.offset * pixelsPerUnit + zero];
}

/** The first point at or after `place`; x is ascending. */
function firstFrom(c, place) {
  if (c.even) return Math.min(Math.max(Math.ceil((place - c.first) / c.step), 0), c.n);
  let [low, high] = [0, c.n];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(c, middle) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawLayers(pen, p) {
  const { box } = p.scale;
  pen.clearRect(0, 0, p.width, p.height);
  pen.save();
  pen.beginPath();
  pen.rect(box.left, box.top, box.width, box.height);
  pen.clip();
  for (const layer of p.layers) {
    if (p.hidden.has(layer.name)) continue;
    if (layer.kind === "line") drawLine(pen, p, layer);
    else if (layer.kind === "scatter") drawScatter(pen, p, layer);
    else if (layer.kind === "lanes") drawLanes(pen, p, layer);
    else drawPicture(pen, p, layer);
  }
  pen.restore();
}

function mapping(p, layer) {
  const { seen, box } = p.scale;
  const kx = box.width / (seen.x[1] - seen.x[0]);
  const ky = -box.height / (seen.y[1] - seen.y[0]);
  // The difference is made before it is multiplied: far from zero, in a narrow view, both products are huge.
  const x = { ...layer.x, first: layer.x.first - seen.x[0], offset: layer.x.offset - seen.x[0] };
  const y = { ...layer.y, first: layer.y.first - seen.y[1], offset: layer.y.offset - seen.y[1] };
  const [ax, bx] = affine(x, kx, box.left);
  const [ay, by] = affine(y, ky, box.top);
  const X = layer.x.data;
  const Y = layer.y.data;
  return {
    from: Math.max(firstFrom(layer.x, seen.x[0]) - 2, 0),
    to: Math.min(firstFrom(layer.x, seen.x[1]) + 3, layer.x.n),
    px: layer.x.even ? (i) => ax * i + bx : (i) => ax * X[i] + bx,
    py: layer.y.even ? (i) => ay * i + by : (i) => Math.min(Math.max(ay * Y[i] + by, -FAR), FAR),
    gap: layer.x.even ? ax : 0,
    pairs: layer.wide,
    shift: layer.wide && layer.x.even ? ax : 0,
  };
}

function drawLine(pen, p, layer) {
  const m = mapping(p, layer);
  const count = m.to - m.from;
  if (count <= 0) return;
  pen.strokeStyle = pen.fillStyle = colourOf(p, layer);
  pen.lineWidth = 1.4;
  pen.lineJoin = layer.wide ? "bevel" : "round";
  pen.lineCap = "round";
  const spacing = m.gap || Math.abs(m.px(m.to - 1) - m.px(m.from)) / Math.max(count - 1, 1);
  if (layer.style === "bars") return drawBars(pen, p, layer, m, spacing);
  if (layer.style === "points") return dots(pen, m, m.from, m.to, spacing > 12 ? 2.5 : 1.5);
  if (layer.wide || spacing * p.ratio < 0.5) return drawBand(pen, p, m, layer);
  pen.beginPath();
  const steps = layer.style === "steps" && !layer.wide;
  let last = NaN;
  let begun = -1;
  for (let i = m.from; i < m.to; i++) {
    const y = m.py(i);
    if (y !== y) {
      // A step holds to its end; a point alone is a dot, by its round cap.
      if (last === last && (steps || begun === i - 1)) pen.lineTo(m.px(i - 1) + (steps ? spacing : 0), last);
      begun = -1;
      last = NaN;
      continue;
    }
    const x = m.px(i);
    if (last !== last) {
      pen.moveTo(x, y);
      begun = i;
    } else {
      if (steps) pen.lineTo(x, last);
      pen.lineTo(x, y);
      begun = -1;
    }
    last = y;
  }
  if (last === last) pen.lineTo(m.px(m.to - 1) + (steps ? spacing : 0), last);
  pen.stroke();
  if (!layer.wide && spacing > 12 && layer.style === "line") dots(pen, m, m.from, m.to, 2);
}

/**
 * Columns of least and greatest as a band; points that share a pixel are joined to one column first. It is filled and not stroked: each
 * of the thousand edges of a noisy line goes through each row of pixels, and a stroke of them costs twenty times as much. A thin band
 * is one smooth shape; a thick one is made of upright bars, a pixel each, which cost half of that.
 */
function drawBand(pen, p, m, layer) {
  const runs = columnsOf(p, m);
  let thickness = 0;
  let count = 0;
  for (const { n, highs, lows } of runs) {
    for (let k = 0; k < n; k++) thickness += lows[k] - highs[k];
    count += n;
  }
  // Not to and fro with each frame of a live line.
  const bars = thickness > count * (p.barred.has(layer.name) ? 3 : 4);
  if (bars) p.barred.add(layer.name);
  else p.barred.delete(layer.name);
  if (bars) for (const run of runs) fillBars(pen, run);
  else {
    pen.beginPath();
    if (thickness > 0.6 * count) for (const run of runs) traceBand(pen, run);
    pen.fill();
    // Its middle is a smooth line, which stays one where the band is steep and so a hair.
    pen.lineJoin = "bevel";
    pen.beginPath();
    for (const run of runs) traceMiddle(pen, run);
    pen.stroke();
  }
}

/** The middle of a band, without the points that lie on the way between their neighbours: of a thousand some hundred remain. */
function traceMiddle(pen, { n, lefts, highs, lows, shift }) {
  const middle = (k) => (highs[k] + lows[k]) / 2;
  let kept = 0;
  pen.moveTo(lefts[0] + shift, middle(0));
  for (let k = 1; k < n - 1; k++) {
    const slope = (middle(k + 1) - middle(kept)) / (lefts[k + 1] - lefts[kept]);
    // Where it turns slowly the way back to the last point shows it.
    const off = middle(kept) + slope * (lefts[k] - lefts[kept]) - middle(k);
    if (Math.abs(off) < 0.06 * Math.max(1, Math.abs(slope)) && k - kept < 12) continue;
    pen.lineTo(lefts[k] + shift, middle(k));
    kept = k;
  }
  pen.lineTo(lefts[n - 1] + shift, middle(n - 1));
}

const HALF = 0.7; // pixels: half of a line's width

/** The columns of a line, as runs without a gap: left edges, highest and lowest pixels. */
function columnsOf(p, m) {
  const runs = [];
  const most = m.to - m.from + 2;
  const step = 1 / p.ratio;
  let run = null;
  let bucket = NaN;
  for (let i = m.from - (m.from % 2); i < m.to; i++) {
    const y = m.py(i);
    if (y !== y) {
      run = null;
      continue;
    }
    // The two points of a column stand at its beginning.
    const x = m.px(m.pairs ? i - (i % 2) : i);
    const now = Math.floor(x * p.ratio);
    if (!run) {
      run = { n: 0, lefts: new Float64Array(most), highs: new Float64Array(most), lows: new Float64Array(most), last: Math.max(m.shift * 2, step), shift: m.shift };
      runs.push(run);
      bucket = NaN;
    }
    if (now === bucket) {
      const n = run.n - 1;
      if (y < run.highs[n]) run.highs[n] = y;
      if (y > run.lows[n]) run.lows[n] = y;
    } else {
      run.lefts[run.n] = now * step;
      run.highs[run.n] = run.lows[run.n] = y;
      run.n++;
      bucket = now;
    }
  }
  return runs;
}

function fillBars(pen, { n, lefts, highs, lows, last }) {
  for (let k = 0; k < n; k++) {
    let high = highs[k];
    let low = lows[k];
    // A bar reaches to its neighbour: the line between them is not torn.
    if (k && lows[k - 1] < high) high = lows[k - 1];
    if (k && highs[k - 1] > low) low = highs[k - 1];
    pen.fillRect(lefts[k], high - HALF, (k + 1 < n ? lefts[k + 1] : lefts[k] + last) - lefts[k], low - high + 2 * HALF);
  }
}

function traceBand(pen, { n, lefts, highs, lows, shift }) {
  if (n < 2) return;
  pen.moveTo(lefts[0] + shift, highs[0]);
  for (let k = 1; k < n; k++) pen.lineTo(lefts[k] + shift, highs[k]);
  for (let k = n - 1; k >= 0; k--) pen.lineTo(lefts[k] + shift, lows[k]);
  pen.closePath();
}

function dots(pen, m, from, to, radius) {
  pen.beginPath();
  for (let i = from; i < to; i++) {
    const y = m.py(i);
    if (y !== y) continue;
    const x = m.px(i);
    if (radius < 2) pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    else {
      pen.moveTo(x + radius, y);
      pen.arc(x, y, radius, 0, 2 * Math.PI);
    }
  }
  pen.fill();
}

function drawBars(pen, p, layer, m, spacing) {
  const s = p.scale;
  const zero = s.axes.y.log ? s.box.top + s.box.height : Math.min(Math.max(s.py(0), -FAR), FAR);
  const pitch = layer.wide ? 2 * spacing : spacing;
  const width = Math.max(pitch > 4 ? pitch - Math.min(pitch * 0.15, 3) : pitch, 1);
  pen.globalAlpha = 0.85;
  pen.beginPath();
  const each = layer.wide ? 2 : 1;
  for (let i = m.from - (m.from % each); i < m.to; i += each) {
    const a = m.py(i);
    const b = layer.wide && i + 1 < layer.x.n ? m.py(i + 1) : a;
    if (a !== a || b !== b) continue;
    const top = Math.min(a, b, zero);
    const bottom = Math.max(a, b, zero);
    const x = m.px(i) + (layer.wide ? 0 : -width / 2);
    pen.rect(x, top, width, Math.max(bottom - top, 1));
  }
  pen.fill();
  pen.globalAlpha = 1;
}

function drawScatter(pen, p, layer) {
  const { seen, box } = p.scale;
  const [ax, bx] = affine({ ...layer.x, offset: layer.x.offset - seen.x[0] }, box.width / (seen.x[1] - seen.x[0]), box.left);
  const [ay, by] = affine({ ...layer.y, offset: layer.y.offset - seen.y[1] }, -box.height / (seen.y[1] - seen.y[0]), box.top);
  if (layer.joined) {
    pen.save();
    pen.beginPath();
    pen.rect(box.left, box.top, box.width, box.height);
    pen.clip();
    pen.strokeStyle = colourOf(p, layer);
    pen.lineWidth = 1;
    pen.beginPath();
    let ahead = false;
    for (let i = 0; i < layer.x.n; i++) {
      const [x, y] = [ax * layer.x.data[i] + bx, ay * layer.y.data[i] + by];
      const there = Number.isFinite(x) && Number.isFinite(y);
      if (there && ahead) pen.lineTo(x, y);
      else if (there) pen.moveTo(x, y);
      ahead = there;
    }
    pen.stroke();
    pen.restore();
    return;
  }
  const radius = layer.x.n > 1500 ? 1.5 : layer.x.n > 200 ? 1.8 : 2.2;
  pen.fillStyle = colourOf(p, layer);
  pen.globalAlpha = layer.x.n > 1500 ? 0.75 : 0.85;
  pen.beginPath();
  for (let i = 0; i < layer.x.n; i++) {
    const x = ax * layer.x.data[i] + bx;
    const y = ay * layer.y.data[i] + by;
    if (x > box.left - 3 && x < box.left + box.width + 3 && y > box.top - 3 && y < box.top + box.height + 3) pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  }
  pen.fill();
  pen.globalAlpha = 1;
}

function drawPicture(pen, p, layer) {
  const { bitmap, extent } = layer.bitmap ? layer : (layer.before ?? layer);
  if (!bitmap) return;
  const s = p.scale;
  const [x0, x1] = [extent[0], extent[1]].map((value) => s.px(inward(s.axes.x, value)));
  const [y0, y1] = [extent[2], extent[3]].map((value) => s.py(inward(s.axes.y, value)));
  pen.save();
  pen.translate(x0, y1);
  pen.scale((x1 - x0) / bitmap.width, (y0 - y1) / bitmap.height);
  // An element is a square with sharp edges; only what is made smaller is smoothed.
  pen.imageSmoothingEnabled = Math.abs(x1 - x0) * p.ratio < bitmap.width;
  pen.drawImage(bitmap, 0, 0);
  pen.restore();
}

/** The value of run `k` of a lane, as its radix wants it. */
function laneText(trace, k) {
  let value = BigInt(trace.low[k]) + (trace.high ? BigInt(trace.high[k]) << 32n : 0n);
  value = BigInt.asUintN(trace.width, value);
  if (trace.width === 1) return String(value);
  if (trace.radix === "signed") return String(BigInt.asIntN(trace.width, value)).replace("-", "−");
  return trace.radix === "unsigned" ? String(value) : "0x" + value.toString(16).toUpperCase().padStart(Math.ceil(trace.width / 4), "0");
}

function drawLanes(pen, p, layer) {
  const s = p.scale;
  pen.font = `${FONT}px ${p.ink.mono}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  layer.traces.forEach((trace, i) => {
    const top = s.py(layer.traces.length - i - 0.16);
    const bottom = s.py(layer.traces.length - i - 0.84);
    if (bottom < s.box.top || top > s.box.top + s.box.height) return;
    pen.strokeStyle = pen.fillStyle = (p.ink.dark ? DARK_COLOURS : COLOURS)[trace.width > 1 ? 0 : 2];
    pen.lineWidth = 1.3;
    drawLane(pen, p, trace, top, bottom);
  });
}

function drawLane(pen, p, trace, top, bottom) {
  const s = p.scale;
  const count = trace.low.length;
  const right = s.box.left + s.box.width;
  const edge = (k) => (k < trace.x.n ? Math.min(Math.max(s.px(at(trace.x, k)), s.box.left - 20), right + 20) : right + 20);
  const first = Math.max(firstFrom(trace.x, s.seen.x[0]) - 1, 0);
  const last = Math.min(firstFrom(trace.x, s.seen.x[1]) + 1, count);
  const middle = (top + bottom) / 2;
  const hatched = [];
  const texts = [];
  pen.beginPath();
  let level = NaN;
  for (let k = first; k < last; k++) {
    const [from, to] = [edge(k), edge(k + 1)];
    if (trace.busy[k]) {
      hatched.push([from, Math.max(to - from, 1)]);
      level = NaN;
      continue;
    }
    if (trace.width === 1) {
      const y = trace.low[k] ? top : bottom;
      if (level === level) pen.lineTo(from, y);
      else pen.moveTo(from, y);
      pen.lineTo(to, y);
      level = y;
      continue;
    }
    const slope = Math.min(4, (to - from) / 2);
    pen.moveTo(from, middle);
    pen.lineTo(from + slope, top);
    pen.lineTo(to - slope, top);
    pen.lineTo(to, middle);
    pen.lineTo(to - slope, bottom);
    pen.lineTo(from + slope, bottom);
    pen.closePath();
    const [left, end] = [Math.max(from, s.box.left), Math.min(to, right)];
    if (end - left > 18 && bottom - top > FONT) texts.push([k, (left + end) / 2, end - left - 10]);
  }
  pen.stroke();
  if (hatched.length) hatch(pen, hatched, top, bottom);
  pen.fillStyle = p.ink.text;
  for (const [k, x, room] of texts) {
    const text = laneText(trace, k);
    if (pen.measureText(text).width <= room) pen.fillText(text, x, middle + 0.5);
  }
}

/** Too many edges to be seen: a band, and slanted strokes in it, which say so without colour. */
function hatch(pen, runs, top, bottom) {
  pen.save();
  pen.beginPath();
  for (const [x, width] of runs) pen.rect(x, top, width, bottom - top);
  pen.globalAlpha = 0.2;
  pen.fill();
  pen.globalAlpha = 0.75;
  pen.clip();
  pen.lineWidth = 1;
  pen.beginPath();
  const [left, right] = [runs[0][0], runs[runs.length - 1][0] + runs[runs.length - 1][1]];
  const high = bottom - top;
  for (let x = Math.floor((left - high) / 5) * 5; x < right; x += 5) {
    pen.moveTo(x, bottom);
    pen.lineTo(x + high, top);
  }
  pen.stroke();
  pen.restore();
}
