// What a register table knows, and how it writes a number (joined before table.js).

const STATES = ["never", "read", "written", "stale"];

function digits(value, width, radix) {
  if (width === 1) return value.toString();
  if (radix === "dec") return value.toString(10);
  if (radix === "hex") return "0x" + value.toString(16).toUpperCase().padStart(Math.ceil(width / 4), "0");
  return "0b" + value.toString(2).padStart(width, "0").replace(/\B(?=(....)+$)/g, "_");
}

/** The last words and states the kernel sent, one entry a register. */
class Store {
  constructor(registers) {
    this.values = registers.map(() => null);
    this.states = registers.map(() => "never");
    this.reasons = registers.map(() => "");
  }

  /** Take one frame; returns the set of registers it holds. Each entry: row | state << 24 | known << 31, then the words, low first. */
  take(content, buffers) {
    const touched = new Set();
    const view = buffers?.[0];
    if (!view) return touched;
    const data = view instanceof DataView ? view : new DataView(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
    const size = 4 * content.stride;
    for (let at = 0; at + size <= data.byteLength; at += size) {
      const head = data.getUint32(at, true);
      const row = head & 0xffffff;
      if (row >= this.values.length) continue;
      let value = 0n;
      for (let k = content.stride - 1; k > 0; k--) value = (value << 32n) | BigInt(data.getUint32(at + 4 * k, true));
      this.values[row] = head >>> 31 ? value : null;
      this.states[row] = STATES[(head >>> 24) & 0x7f] ?? "never";
      this.reasons[row] = "";
      touched.add(row);
    }
    for (const [row, reason] of content.reasons ?? []) this.reasons[row] = reason;
    return touched;
  }
}
