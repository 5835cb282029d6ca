// How a register table writes a number, and how it says how old one is.

const RADICES = { hex: "Hexadecimal", dec: "Decimal", signed: "Signed", bin: "Binary", float: "Float", enum: "Label" };
const UNKNOWN = "–";

function signedOf(value, width) {
  return BigInt.asIntN(width, value);
}

/** IEEE 754 of 16, 32 or 64 bits; null for another width. */
function floatOf(value, width) {
  const view = new DataView(new ArrayBuffer(8));
  if (width === 64) {
    view.setBigUint64(0, value);
    return view.getFloat64(0);
  }
  if (width === 32) {
    view.setUint32(0, Number(value));
    return view.getFloat32(0);
  }
  if (width !== 16) return null;
  const bits = Number(value);
  const [sign, power, rest] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (power === 31) return rest ? NaN : sign * Infinity;
  return sign * (power ? 2 ** (power - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024));
}

/** A float as short as it can be without becoming another one when it is typed again. */
function floatText(number, width) {
  if (!Number.isFinite(number)) return String(number).replace("Infinity", "inf").replace("NaN", "nan");
  if (Object.is(number, -0)) return "-0";
  let short = number;
  for (let figures = 6; width === 32 && figures <= 9; figures++) {
    short = Number(number.toPrecision(figures));
    if (Math.fround(short) === number) break;
  }
  const size = Math.abs(short);
  return size >= 1e9 && size < 1e21 ? short.toExponential() : String(short);
}

/** `value` (a BigInt of `width` bits) in `radix`; `labels` is a Map from values to words, for 'enum'. */
function digits(value, width, radix, labels = null) {
  if (radix === "enum") {
    const label = labels?.get(value);
    if (label !== undefined) return label;
    return width === 1 || labels ? value.toString() : digits(value, width, "hex");
  }
  if (radix === "float") {
    const number = floatOf(value, width);
    if (number === null) return digits(value, width, "hex");
    return floatText(number, width);
  }
  if (width === 1) return value.toString();
  if (radix === "signed") return signedOf(value, width).toString();
  if (radix === "dec") return value.toString(10);
  if (radix === "bin") return "0b" + value.toString(2).padStart(width, "0").replace(/\B(?=(....)+$)/g, "_");
  return "0x" + value.toString(16).toUpperCase().padStart(Math.ceil(width / 4), "0");
}

/** A hexadecimal number in groups of four, as a bus conversation is read: 0x0000_0081. */
function grouped(value, width = 32) {
  return "0x" + value.toString(16).toUpperCase().padStart(Math.ceil(width / 4), "0").replace(/\B(?=(....)+$)/g, "_");
}

/** How many characters a value of `width` bits takes at most. */
function roomFor(width, radix, labels) {
  if (radix === "enum" && labels) return Math.min(22, Math.max(...[...labels.values()].map((label) => label.length), 3));
  if (radix === "bin") return width === 1 ? 1 : 2 + width + Math.floor((width - 1) / 4);
  if (radix === "float" && [16, 32, 64].includes(width)) return width === 64 ? 24 : 15;
  if (radix === "dec" || radix === "signed") return Math.ceil(width * 0.302) + 1;
  return 2 + Math.ceil(width / 4);
}

/** An age in few letters; empty where it is as good as now. */
function ageText(seconds) {
  if (!(seconds >= 2)) return "";
  if (seconds < 90) return `${Math.floor(seconds)} s`;
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

/** The value in its unit, where the driver told a scale or a unit; empty otherwise. */
function physical(value, line) {
  const { unit = "", scale = 1, format, signed } = line.note;
  if (value === null || !("scale" in line.note)) return unit;
  const number = format === "float" ? floatOf(value, line.width) : Number(format === "signed" || signed ? signedOf(value, line.width) : value);
  return `${Number((number * scale).toPrecision(6))} ${unit}`.trim();
}
