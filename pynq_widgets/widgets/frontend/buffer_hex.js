// The bytes of a buffer: of a hundred million rows, those that are in sight.

const HEX_ROW = 18; // pixels
const HEX_TALLEST = 8e6; // pixels: browsers give up beyond some 33 million

/** `ask(first, count)` asks the kernel for rows. */
function hexList(ask) {
  const lines = make("div", { class: "pw-hex-lines pw-mono" });
  const spacer = make("div", { class: "pw-hex-spacer" }, lines);
  const el = make("div", { class: "pw-hex", tabindex: 0, role: "group", "aria-label": "Bytes of the buffer. Arrow keys and Page keys move." }, spacer);
  let [rows, group, base] = [0, 1, 0];
  let first = 0;
  let had = new Map(); // text of each row that was seen, by its offset
  let waiting = null;
  let moving = false;

  const fits = () => Math.max(Math.ceil(el.clientHeight / HEX_ROW), 1);
  const scaled = () => rows * HEX_ROW > HEX_TALLEST;
  const last = () => Math.max(rows - fits() + 1, 0);

  function go(row, scroll = true) {
    first = Math.min(Math.max(Math.floor(row), 0), last());
    if (scroll) {
      const top = scaled() ? (first / Math.max(last(), 1)) * (HEX_TALLEST - el.clientHeight) : first * HEX_ROW;
      moving = Math.abs(el.scrollTop - top) > 0.5;
      el.scrollTop = top;
    }
    clearTimeout(waiting);
    waiting = setTimeout(request, 30);
  }

  function request() {
    if (el.clientHeight) ask(first, fits() + 2);
  }

  el.addEventListener("scroll", () => {
    // Where the rows are more than pixels, only what a person scrolled tells of a place.
    if (moving) {
      moving = false;
      return;
    }
    go(scaled() ? (el.scrollTop / Math.max(HEX_TALLEST - el.clientHeight, 1)) * last() : el.scrollTop / HEX_ROW, false);
  });
  el.addEventListener("wheel", (event) => {
    if (!scaled() || event.ctrlKey) return;
    event.preventDefault();
    go(first + Math.sign(event.deltaY) * 3);
  }, { passive: false });
  el.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: fits() - 1, PageUp: 1 - fits(), Home: -first, End: rows };
    if (steps[event.key] === undefined) return;
    go(first + steps[event.key]);
    event.preventDefault();
  });
  const sized = new ResizeObserver(request);
  sized.observe(el);

  return {
    el,
    /** Rows of the whole, bytes a word, address of the first byte. */
    set([count, words, address]) {
      if (count === rows && words === group && address === base) return;
      [rows, group, base] = [count, words, address];
      had = new Map();
      spacer.style.height = `${Math.min(rows * HEX_ROW, HEX_TALLEST)}px`;
      el.style.height = `${Math.min(Math.max(rows, 2) * HEX_ROW + 4, 270)}px`;
      go(first, false);
    },
    take(start, found) {
      if (Math.abs(start - first) > 2 * fits()) return;
      const digits = Math.max(8, (base + rows * 16).toString(16).length);
      const fresh = new Map();
      lines.replaceChildren(
        ...found.map(([offset, words, text]) => {
          const old = had.get(offset);
          fresh.set(offset, words);
          const cells = words.map((word, i) => make("span", { class: old && old[i] !== word ? "pw-hex-new" : null }, word));
          return make("div", { class: "pw-hex-row" }, make("span", { class: "pw-hex-at" }, (base + offset).toString(16).padStart(digits, "0")), make("span", { class: `pw-hex-words pw-hex-${group}` }, ...cells), make("span", { class: "pw-hex-text" }, text));
        }),
      );
      had = fresh;
      lines.style.top = scaled() ? `${el.scrollTop}px` : `${start * HEX_ROW}px`;
      lines.dataset.first = start;
    },
    /** Show the row that byte `at` is in. */
    show: (at) => go(at / 16),
    ask: request,
    stop() {
      clearTimeout(waiting);
      sized.disconnect();
    },
  };
}
