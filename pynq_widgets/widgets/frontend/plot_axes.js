// The grid, the ticks and the names of the axes: a canvas of its own, drawn only when something of them changed.

const FONT = 11;

/** Draw them; widens the left edge where the ticks need it and then asks to be called again (true). */
function drawAxes(pen, p) {
  const { scale: s, ink } = p;
  const { box } = s;
  pen.clearRect(0, 0, p.width, p.height);
  pen.font = `${FONT}px ${ink.font}`;
  pen.textBaseline = "middle";
  const across = ticksOf(s, "x", Math.max(2, Math.floor(box.width / 92)));
  const up = p.lanes.length ? laneTicks(p, s) : ticksOf(s, "y", Math.max(2, Math.floor(box.height / 36)));
  const most = p.lanes.length ? Math.max(60, p.width * 0.35) : Math.max(60, p.width * 0.3);
  const widest = Math.min(most, up.ticks.reduce((width, tick) => Math.max(width, tick.text ? pen.measureText(tick.text).width : 0), 0));
  const wanted = 8 * Math.ceil((widest + 12) / 8);
  // It grows at once and shrinks only by much: a live axis must not tremble.
  if (wanted > box.left || wanted < box.left - 20) {
    p.left = wanted;
    return true;
  }
  const crisp = (at) => (Math.round(at * p.ratio - 0.5) + 0.5) / p.ratio;
  pen.lineWidth = 1 / Math.max(1, Math.round(p.ratio));
  if (p.ratio < 2) pen.lineWidth = 1;
  const rule = (ticks, horizontal) => {
    for (const kind of ["minor", "plain", "strong"]) {
      pen.beginPath();
      for (const tick of ticks) {
        if ((tick.minor ? "minor" : tick.strong ? "strong" : "plain") !== kind) continue;
        const at = crisp(horizontal ? s.py(tick.at) : s.px(tick.at));
        pen.moveTo(horizontal ? box.left : at, horizontal ? at : box.top);
        pen.lineTo(horizontal ? box.left + box.width : at, horizontal ? at : box.top + box.height);
      }
      pen.strokeStyle = ink.grid;
      pen.globalAlpha = kind === "minor" ? 0.45 : 1;
      if (kind === "strong") pen.strokeStyle = ink.line;
      pen.stroke();
    }
    pen.globalAlpha = 1;
  };
  rule(across.ticks, false);
  if (!p.lanes.length) rule(up.ticks, true);
  pen.strokeStyle = ink.line;
  pen.beginPath();
  pen.moveTo(crisp(box.left), box.top);
  pen.lineTo(crisp(box.left), crisp(box.top + box.height));
  pen.lineTo(box.left + box.width, crisp(box.top + box.height));
  pen.stroke();

  pen.fillStyle = ink.quiet;
  pen.textAlign = "right";
  for (const tick of up.ticks) if (tick.text) pen.fillText(fitted(pen, tick.text, box.left - 8), box.left - 7, s.py(tick.at));
  pen.textAlign = "center";
  const bottom = box.top + box.height + 12;
  let free = -Infinity;
  for (const tick of across.ticks) {
    if (!tick.text) continue;
    const half = pen.measureText(tick.text).width / 2;
    const at = Math.min(Math.max(s.px(tick.at), half + 2), p.width - half - 2);
    if (at - half < free) continue;
    free = at + half + 6;
    pen.fillText(tick.text, at, bottom);
  }
  pen.fillStyle = ink.text;
  pen.textAlign = "right";
  const title = (axis, ticks) => [axis.label, ticks.unit && `[${ticks.unit}]`].filter(Boolean).join(" ") + ticks.shift;
  pen.fillText(fitted(pen, title(s.axes.x, across), p.width - 16), box.left + box.width, bottom + 16);
  if (!p.lanes.length) {
    pen.textAlign = "left";
    pen.fillText(fitted(pen, title(s.axes.y, up), p.width - 16), 8, 9);
  }
  return false;
}

function ticksOf(s, name, count) {
  const [low, high] = s.seen[name];
  return (s.axes[name].log ? logarithmicTicks : linearTicks)(low, high, count, s.axes[name].unit);
}

/** Lanes have names where others have numbers. */
function laneTicks(p, s) {
  const ticks = p.lanes.map((trace, i) => ({ at: p.lanes.length - i - 0.5, text: trace.name })).filter((tick) => tick.at > s.seen.y[0] && tick.at < s.seen.y[1]);
  return { ticks, unit: "", shift: "" };
}

function fitted(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let most = text.length - 1;
  while (most > 1 && pen.measureText(text.slice(0, most) + "…").width > width) most--;
  return text.slice(0, most) + "…";
}
