// Editing a cell: what is typed is shown as what it would put on the bus, before Enter does it. Errors stand at the cell.

const TYPING_MS = 90; // after the last key, until the kernel is asked

/** What a preview would put on the bus, in a line: "read 0x04, write 0x04 ← 0x0000_0081"; digits that hang on the read are marked. */
function stepsText(steps) {
  const nodes = [];
  for (const [operation, offset, value, open] of steps) {
    nodes.push(`${nodes.length ? ", " : ""}${operation} 0x${offset.slice(2).padStart(2, "0")}`);
    if (value === null) continue;
    const [word, unsure] = [BigInt(value), BigInt(open)];
    const count = word >> 32n || unsure >> 32n ? 16 : 8;
    nodes.push(" ← 0x");
    for (let digit = count - 1; digit >= 0; digit--) {
      const letter = ((word >> BigInt(4 * digit)) & 15n).toString(16).toUpperCase();
      const sure = ((unsure >> BigInt(4 * digit)) & 15n) !== 15n;
      nodes.push(sure ? letter : make("i", { title: "As the read will give it; shown is the last known value" }, letter));
      if (digit && digit % 4 === 0) nodes.push("_");
    }
  }
  return nodes;
}

/** A write that first reads a register whose reading has an effect is said to do so. */
function careFor(line, steps) {
  return line.reg.guard && steps.some(([operation]) => operation === "read") ? `Careful: ${line.reg.guard}` : "";
}

function editorOf(t) {
  let edit = null; // { line, text, start, waiting, steps, python }
  let failed = null; // { line, text }
  let serial = 0;
  let timer = null;
  const waiting = new Map(); // tag -> { line, done }
  const error = make("div", { class: "pw-reg-error", role: "alert", hidden: true });
  const steps = make("div", { class: "pw-reg-steps" });
  const python = make("code", { class: "pw-reg-python" });
  const copy = make("button", { type: "button", tabindex: "-1", title: "Copy the line of Python (Ctrl+Shift+C)" }, "Copy");
  const care = make("div", { class: "pw-reg-care", hidden: true });
  const keys = make("div", { class: "pw-quiet" });
  const preview = make("div", { class: "pw-reg-preview", hidden: true }, steps, care, make("div", { class: "pw-reg-line" }, python, copy), keys);
  const tip = make("div", { class: "pw-reg-tip", hidden: true }, error, preview);
  const labels = make("datalist", { id: `${t.uid}-labels` });
  copy.addEventListener("mousedown", (event) => event.preventDefault()); // the cell keeps the focus
  copy.addEventListener("click", () => edit?.python && copyText(t, edit.python));

  /** Send what is to be answered; `done(content)` gets the answer. False where there is no kernel. */
  function ask(line, content, done) {
    const tag = `${t.pulse.view}:${++serial}`;
    waiting.set(tag, { line, done, busy: content.kind === "do" });
    if (post(t.model, { ...content, row: line.row, tag })) return tag;
    waiting.delete(tag);
    fail(line, "The kernel has gone: nothing was written or read.");
    return null;
  }

  function answered(content) {
    const one = waiting.get(content.tag);
    if (!one) return;
    waiting.delete(content.tag);
    one.done(content);
    t.rows.paint();
  }

  /** Do an action; the answer is told at `line`. */
  function act(line, content, done = () => {}) {
    failed = null;
    const tag = ask(line, { kind: "do", ...content }, (answer) => {
      if (answer.line) t.foot.did(answer);
      if (answer.error) fail(line, answer.error);
      else t.say(answer.said ?? "");
      done(answer);
    });
    t.rows.paint();
    return tag;
  }

  const typed = () => ({ act: "write", field: edit.line.field ? edit.line.name : null, text: edit.text, radix: t.radixOf(edit.line) });

  function look() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!edit || edit.waiting) return;
      const asked = edit.text;
      ask(edit.line, { kind: "preview", ...typed() }, (answer) => {
        if (!edit || edit.text !== asked) return;
        edit.steps = answer.error ? null : answer.steps;
        edit.python = answer.error ? null : answer.line;
        edit.doubt = answer.error;
        paintTip();
      });
    }, TYPING_MS);
  }

  function begin(line) {
    if (t.model.get("read_only")) return fail(line, "This table only shows: nothing can be written here.");
    if (!line.writable) return fail(line, `${line.name} is read-only.`);
    if (edit?.line === line || edit?.waiting) return;
    const value = t.valueOf(line);
    const text = value === null ? "" : digits(value, line.width, t.radixOf(line), line.note.labels);
    edit = { line, text, start: text, waiting: null, steps: null, python: null, doubt: null };
    failed = null;
    t.rows.paint();
    look();
  }

  function cancel(refocus = true) {
    clearTimeout(timer);
    edit = null;
    failed = null;
    t.rows.paint();
    if (refocus) t.grid.focus({ preventScroll: true });
  }

  function commit() {
    if (!edit || edit.waiting) return;
    clearTimeout(timer);
    const mine = edit;
    mine.waiting = act(edit.line, typed(), (answer) => {
      mine.waiting = null;
      if (edit === mine && !answer.error) cancel();
    });
    t.rows.paint();
  }

  function fail(line, text) {
    failed = { line, text };
    paintTip();
  }

  /** The input in the cell of the edited line, and nowhere else. */
  function paint(slot, line) {
    const { parts, cells } = slot;
    if (edit?.line !== line) {
      if (parts.input) {
        parts.input.remove();
        parts.input = null;
        parts.text.hidden = false;
      }
      return;
    }
    if (!parts.input) {
      const input = (parts.input = make("input", { type: "text", spellcheck: "false", autocomplete: "off", "aria-label": `New value of ${line.id}`, "aria-describedby": `${t.uid}-tip` }));
      input.value = edit.text;
      if (line.note.labels) {
        labels.replaceChildren(...[...line.note.labels.values()].map((label) => make("option", { value: label })));
        input.setAttribute("list", labels.id);
      }
      input.addEventListener("input", () => {
        edit.text = input.value;
        failed = null;
        paintTip();
        look();
      });
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") commit();
        else if (event.key === "Escape") cancel();
        else if (event.key.toLowerCase() === "c" && event.ctrlKey && event.shiftKey && edit.python) copyText(t, edit.python);
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
      input.addEventListener("blur", () => setTimeout(() => edit?.line === line && edit.text === edit.start && input.isConnected && document.activeElement !== input && !t.box && cancel(false)));
      cells.value.append(input);
      parts.text.hidden = true;
      input.focus({ preventScroll: true });
      input.select();
    }
    parts.input.readOnly = Boolean(edit.waiting);
    parts.input.setAttribute("aria-invalid", String(failed?.line === line));
  }

  function paintTip() {
    setText(error, failed?.text ?? "");
    error.hidden = !failed;
    const shown = edit && !failed && (edit.steps || edit.doubt);
    preview.hidden = !shown;
    if (shown) {
      if (edit.steps) steps.replaceChildren(...stepsText(edit.steps));
      else setText(steps, edit.doubt);
      preview.classList.toggle("pw-reg-doubt", !edit.steps);
      setText(care, edit.steps ? careFor(edit.line, edit.steps) : "");
      care.hidden = !care.textContent;
      setText(keys, edit.steps ? "Enter writes it, Escape cancels" : "Escape cancels");
      setText(python, edit.python ?? "");
      python.parentNode.hidden = !edit.python;
    }
    placeTip();
  }

  function placeTip() {
    const line = failed?.line ?? edit?.line;
    const index = line && (failed || !preview.hidden) ? t.lines.indexOf(line) : -1;
    tip.hidden = index < 0;
    t.scroller.style.minHeight = "";
    if (index < 0) return;
    // Below its row; above it where there is no room below. A table of few rows grows for it.
    const top = (index + 2) * ROW;
    const cell = t.rows.slotOf(line)?.cells.value;
    tip.style.left = `${Math.max(24, Math.min(cell?.offsetLeft ?? 24, t.scroller.scrollLeft + t.scroller.clientWidth - tip.offsetWidth - 8))}px`;
    const room = t.scroller.scrollTop + t.scroller.clientHeight;
    const height = tip.offsetHeight;
    if (top + height <= room || t.scroller.scrollTop + height > index * ROW) {
      tip.style.top = `${top}px`;
      const needed = top + height + 4 - t.scroller.scrollTop;
      if (needed > t.scroller.clientHeight && t.lines.length < 8) t.scroller.style.minHeight = `${needed}px`;
    } else tip.style.top = `${(index + 1) * ROW - height - 2}px`;
  }

  tip.id = `${t.uid}-tip`;
  return {
    tip, labels, ask, act, answered, begin, cancel, paint, placeTip, fail,
    get open() { return edit !== null; },
    busy: (line) => [...waiting.values()].some((one) => one.busy && one.line === line),
    leave: (line) => {
      if (failed && failed.line !== line && !edit) {
        failed = null;
        paintTip();
      }
    },
  };
}
