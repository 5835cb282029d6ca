// The history line of a starred register: its last values as steps over time, drawn small.

const SPAN_MS = 30_000;

/** Draw what is kept of `history` ([[time, value], …]) on `canvas`; returns the lowest and the highest value, or null. */
function drawHistory(canvas, history, line, colour, now = performance.now()) {
  const scale = globalThis.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth || 72, canvas.clientHeight || 18];
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  if (!history?.length) return null;
  const number = (value) => (line.note.format === "signed" ? Number(signedOf(value, line.width)) : Number(value));
  // A value that changes fast fills the line with its last ones; a calm one shows the last half minute.
  const start = history.length < HISTORY ? Math.max(history[0][0], now - SPAN_MS) : history[0][0];
  const shown = history.filter(([time], index) => time >= start || history[index + 1]?.[0] > start);
  if (!shown.length) shown.push(history.at(-1));
  let [low, high] = [Infinity, -Infinity];
  for (const [, value] of shown) {
    low = Math.min(low, number(value));
    high = Math.max(high, number(value));
  }
  const x = (time) => 1 + (Math.max(0, time - start) / Math.max(now - start, 1)) * (width - 2);
  const y = (value) => (high === low ? height / 2 : height - 3 - ((number(value) - low) / (high - low)) * (height - 6));
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.beginPath();
  let last = null;
  for (const [time, value] of shown) {
    if (last !== null) context.lineTo(x(time), y(last));
    context[last === null ? "moveTo" : "lineTo"](x(time), y(value));
    last = value;
  }
  context.lineTo(width - 1, y(last));
  context.stroke();
  return [low, high];
}
