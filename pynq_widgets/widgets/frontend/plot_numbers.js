// Numbers for a person: ticks at round places, and values with the prefix of their unit.

const PREFIXES = { "-18": "a", "-15": "f", "-12": "p", "-9": "n", "-6": "µ", "-3": "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E" };
const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Decibels, percents, degrees and words have no prefix: `ms` is a time, `mdB` is nothing. */
const prefixed = (unit) => /^(s|Hz|V|A|W|F|H|J|N|T|K|Pa|Ω|B|bit|Sa|S)([²/√].*)?$/.test(unit);

const superscript = (power) => (power < 0 ? "⁻" : "") + [...String(Math.abs(power))].map((digit) => SUPERSCRIPT[digit]).join("");

/** The power of a thousand by which `size` is written. */
function powerOf(size, unit) {
  if (!(size > 0) || !Number.isFinite(size)) return 0;
  const power = 3 * Math.floor(Math.log10(size * (1 + 1e-12)) / 3);
  if (prefixed(unit)) return Math.min(Math.max(power, -18), 18);
  // Words and bare numbers stay as they are while that can be read.
  return size >= 1e9 || size < 1e-3 ? power : 0;
}

/** `value`, divided by 10^`power`, with that many decimals and groups of three. */
function plainNumber(value, power, decimals) {
  const scaled = power < 0 ? value * 10 ** -power : value / 10 ** power;
  let text = Math.abs(scaled).toFixed(Math.min(Math.max(decimals, 0), 15));
  if (text.length > 40) text = Math.abs(scaled).toExponential(3);
  const negative = scaled < 0 && /[1-9]/.test(text);
  const [whole, fraction] = text.split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return (negative ? "−" : "") + grouped + (fraction ? `.${fraction}` : "");
}

const unitText = (unit, power) => (prefixed(unit) ? `${PREFIXES[power]}${unit}` : `${power ? `×10${superscript(power)}` : ""}${unit && power ? " " : ""}${unit}`);
const joined = (number, unit) => (!unit ? number : unit[0] === "°" || unit === "%" ? number + unit : `${number}\u202f${unit}`);

/** A value as text, as fine as `resolution` (the span of a pixel) allows. */
function valueText(value, unit, resolution = 0) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return joined("0", unit);
  const power = powerOf(Math.abs(value), unit);
  const size = Math.abs(value) / 10 ** power;
  const wanted = resolution > 0 ? Math.ceil(-Math.log10(resolution / 10 ** power)) : 3 - Math.floor(Math.log10(size));
  return joined(plainNumber(value, power, Math.min(Math.max(wanted, 0), 12)), unitText(unit, power));
}

/** `text` without the zeros that only tell how fine it is. */
const trimmed = (text) => text.replace(/(\.\d*?)0+(?=\D*$)/, "$1").replace(/\.(?=\D*$)/, "");

/** 1, 2 or 5 times a power of ten: the distance of at most `count` ticks in `span`. */
function niceStep(span, count) {
  const raw = span / Math.max(count, 1);
  const base = 10 ** Math.floor(Math.log10(raw));
  const factor = raw / base;
  return (factor <= 1.0001 ? 1 : factor <= 2.0001 ? 2 : factor <= 5.0001 ? 5 : 10) * base;
}

/** Ticks from `low` to `high`: places with texts, and what stands beside the name of the axis. */
function linearTicks(low, high, count, unit) {
  const step = niceStep(high - low, count);
  const largest = Math.max(Math.abs(low), Math.abs(high));
  let base = 0;
  let power = powerOf(largest, unit);
  let decimals = Math.max(0, Math.ceil(-Math.log10(step / 10 ** power) - 1e-9));
  const digits = Math.max(1, Math.ceil(Math.log10(largest / 10 ** power + 1e-9))) + decimals;
  if (digits > 8 && !(unit === "" && decimals === 0)) {
    // A hair's breadth far from zero: what all ticks have in common is written once.
    const coarse = 10 ** (Math.ceil(Math.log10(high - low)) + 1);
    base = Math.floor(low / coarse) * coarse;
    power = powerOf(high - base, unit);
    decimals = Math.max(0, Math.ceil(-Math.log10(step / 10 ** power) - 1e-9));
  }
  const ticks = [];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  for (let k = first; k <= last && ticks.length < 200; k++) {
    const at = k * step;
    ticks.push({ at, text: plainNumber(at - base, power, decimals), strong: at === 0 });
  }
  const shift = base ? ` ${base < 0 ? "−" : "+"} ${valueText(Math.abs(base), unit, Math.abs(high - low))}` : "";
  return { ticks, unit: unitText(unit, power), shift, step };
}

/** Ticks of a logarithmic axis; `low` and `high` are powers of ten. */
function logarithmicTicks(low, high, count, unit) {
  if (high - low < 1) {
    const inner = linearTicks(10 ** low, 10 ** high, count, unit);
    for (const tick of inner.ticks) tick.at = Math.log10(tick.at);
    inner.ticks = inner.ticks.filter((tick) => Number.isFinite(tick.at));
    return inner;
  }
  const every = Math.max(1, Math.ceil((high - low) / Math.max(count, 1)));
  const ticks = [];
  for (let k = Math.ceil(low - 1e-9); k <= high + 1e-9 && ticks.length < 200; k++) {
    const labelled = k % every === 0;
    ticks.push({ at: k, text: labelled ? powerText(k, unit) : "", strong: false });
  }
  if (high - low < 4)
    for (let k = Math.floor(low); k < high; k++)
      for (let digit = 2; digit < 10; digit++) {
        const at = k + Math.log10(digit);
        if (at >= low && at <= high) ticks.push({ at, text: "", strong: false, minor: true });
      }
  return { ticks, unit, shift: "", step: 0 };
}

function powerText(k, unit) {
  const power = 3 * Math.floor(k / 3);
  if (!prefixed(unit) || PREFIXES[power] === undefined) return k >= 0 && k < 4 ? String(10 ** k) : `10${superscript(k)}`;
  return `${10 ** (k - power)}${PREFIXES[power] ? `\u202f${PREFIXES[power]}` : ""}`;
}
