// Where things stand: values on the axes, and pixels. Within a plot a logarithmic axis is counted in powers of ten.

const inward = (axis, value) => (axis.log ? Math.log10(Math.max(value, 1e-307)) : value);
const outward = (axis, place) => (axis.log ? 10 ** Math.min(Math.max(place, -307), 307) : place);

/** The places of one plot: two axes, what is all, what is seen, and the box of pixels it is seen in. */
function makeScale() {
  const blank = () => ({ label: "", unit: "", low: 0, high: 1, log: false, finest: 0 });
  const s = {
    axes: { x: blank(), y: blank() },
    whole: { x: [0, 1], y: [0, 1] },
    seen: { x: [0, 1], y: [0, 1] },
    held: { x: false, y: false },
    equal: false, // whether a unit is as long across as upwards
    box: { left: 48, top: 20, width: 1, height: 1 },
  };

  /** Another axis. What was seen of one that measured something else says nothing of it; whether that was so is the answer. */
  s.setAxis = (name, axis) => {
    const { label, unit, log } = s.axes[name];
    const other = s.held[name] && (axis.label !== label || axis.unit !== unit || axis.log !== log);
    if (other) s.held[name] = false;
    s.axes[name] = axis;
    s.whole[name] = [inward(axis, axis.low), inward(axis, axis.high)];
    if (!s.held[name]) s.seen[name] = [...s.whole[name]];
    return other;
  };

  const middleOf = ([low, high]) => low / 2 + high / 2;
  /** `spans`, the one with room to spare widened on both sides so that a pixel is as much on either axis. */
  function levelled(spans) {
    const unit = Math.max((spans.x[1] - spans.x[0]) / s.box.width, (spans.y[1] - spans.y[0]) / s.box.height);
    const around = (span, pixels) => (span[1] - span[0] >= unit * pixels * (1 - 1e-9) ? span : [middleOf(span) - (unit * pixels) / 2, middleOf(span) + (unit * pixels) / 2]);
    const wide = { x: around(spans.x, s.box.width), y: around(spans.y, s.box.height) };
    return [...wide.x, ...wide.y].every(Number.isFinite) ? wide : spans;
  }

  /** Where both axes are to be equal, all and what is seen get the shape of the box. */
  s.fit = () => {
    for (const name of ["x", "y"]) s.whole[name] = [inward(s.axes[name], s.axes[name].low), inward(s.axes[name], s.axes[name].high)];
    if (s.equal) s.whole = levelled(s.whole);
    for (const name of ["x", "y"]) if (!s.held[name]) s.seen[name] = [...s.whole[name]];
    if (s.equal && (s.held.x || s.held.y)) s.seen = levelled(s.seen);
  };

  /** A view of the kernel's: a span in the unit of the axis, or null for all. */
  s.take = (name, span) => {
    s.held[name] = Boolean(span);
    s.seen[name] = span ? span.map((edge) => inward(s.axes[name], edge)) : [...s.whole[name]];
  };

  s.told = (name) => (s.held[name] ? s.seen[name].map((edge) => outward(s.axes[name], edge)) : null);

  s.px = (place) => s.box.left + ((place - s.seen.x[0]) / (s.seen.x[1] - s.seen.x[0])) * s.box.width;
  s.py = (place) => s.box.top + ((s.seen.y[1] - place) / (s.seen.y[1] - s.seen.y[0])) * s.box.height;
  s.pixel = (name, place) => (name === "x" ? s.px(place) : s.py(place));
  s.xAt = (px) => s.seen.x[0] + ((px - s.box.left) / s.box.width) * (s.seen.x[1] - s.seen.x[0]);
  s.yAt = (py) => s.seen.y[1] - ((py - s.box.top) / s.box.height) * (s.seen.y[1] - s.seen.y[0]);
  s.placeAt = (name, pixel) => (name === "x" ? s.xAt(pixel) : s.yAt(pixel));
  s.pixelSpan = (name) => (s.seen[name][1] - s.seen[name][0]) / (name === "x" ? s.box.width : s.box.height);
  s.inside = (px, py) => px >= s.box.left && px <= s.box.left + s.box.width && py >= s.box.top && py <= s.box.top + s.box.height;

  /** A value as text, as fine as the pixels are; a `whole` number, such as an index, has no decimals. */
  s.text = (name, place, whole = false) => {
    const axis = s.axes[name];
    const value = outward(axis, place);
    if (whole && !axis.log && !prefixed(axis.unit)) return valueText(value, axis.unit, 1);
    return valueText(value, axis.unit, axis.log ? Math.abs(value) * s.pixelSpan(name) * 2 : s.pixelSpan(name) / 2);
  };

  /** See `span`, moved and cut to what there is; whether that is another view than before. */
  s.show = (name, span) => {
    let [low, high] = span;
    if (!(Number.isFinite(low) && Number.isFinite(high) && high > low)) return false;
    const [w0, w1] = s.whole[name];
    const air = name === "y" && !s.equal ? (w1 - w0) * 2 : 0;
    // Python may show more than all: from there one moves on freely, and back.
    const least = Math.min(w0 - air, s.seen[name][0]);
    const most = Math.max(w1 + air, s.seen[name][1]);
    const axis = s.axes[name];
    const finest = Math.max((w1 - w0) * 1e-12, Math.max(Math.abs(low), Math.abs(high)) * 1e-13, axis.log ? 1e-6 : Math.min(axis.finest, w1 - w0));
    if (high - low < finest) {
      const middle = (low + high) / 2;
      [low, high] = [middle - finest / 2, middle + finest / 2];
    }
    const width = Math.min(high - low, most - least);
    low = Math.min(Math.max(low, least), most - width);
    high = low + width;
    const near = (a, b) => Math.abs(a - b) <= 1e-9 * (w1 - w0);
    const all = near(low, w0) && near(high, w1);
    const old = s.seen[name];
    const changed = old[0] !== low || old[1] !== high || s.held[name] === all;
    s.seen[name] = all ? [w0, w1] : [low, high];
    s.held[name] = !all;
    return changed;
  };

  s.zoom = (name, factor, place) => {
    const [low, high] = s.seen[name];
    const at = place ?? (low + high) / 2;
    return s.show(name, [at - (at - low) * factor, at + (high - at) * factor]);
  };
  s.pan = (name, distance) => s.show(name, s.seen[name].map((edge) => edge + distance));
  s.all = () => {
    const changed = s.held.x || s.held.y;
    for (const name of ["x", "y"]) s.take(name, null);
    return changed;
  };
  return s;
}
