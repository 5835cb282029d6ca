// Below the rows: the chosen register in words, its bits, and the line of Python that did the last action.

function footOf(t) {
  const name = make("span", { class: "pw-reg-chosen" });
  const facts = make("span", { class: "pw-quiet" });
  const words = make("div", { class: "pw-reg-words pw-quiet" });
  const about = make("div", { class: "pw-reg-about" }, make("div", { class: "pw-reg-facts" }, name, facts), words);
  const ruler = rulerOf(t);
  const code = make("code", { class: "pw-reg-python" });
  const copy = make("button", { type: "button", title: "Copy the line of Python (c)" }, "Copy");
  const last = make("div", { class: "pw-reg-last", hidden: true }, make("span", { class: "pw-quiet", "aria-hidden": "true" }, ">>>"), code, copy);
  const root = make("div", { class: "pw-reg-foot" }, about, ruler.root, last);
  const whole = new Map(); // descriptions that were asked for
  const asked = new Set();
  copy.addEventListener("click", () => copyText(t, code.textContent));

  function description(line) {
    const index = line.textIndex;
    if (!t.sheet.cut.has(index)) return line.text;
    if (!whole.has(index) && !asked.has(index)) {
      asked.add(index);
      post(t.model, { kind: "text", index });
    }
    return whole.get(index) ?? line.text;
  }

  function paint() {
    const line = t.active;
    root.classList.toggle("pw-reg-idle", !line);
    if (!line) {
      const count = t.sheet.count === 1 ? "1 register" : `${t.sheet.count} registers`;
      setText(name, "");
      const shown = t.lines.reduce((sum, one) => sum + (one.field ? 0 : 1), 0);
      const hint = t.model.get("read_only") ? "" : " · click a value to change it";
      setText(facts, shown ? `${shown < t.sheet.count ? `${shown} of ` : ""}${count}${hint} · ? shows the keys` : whyNone(t));
      facts.title = "";
      setText(words, "");
    } else {
      const { reg } = line;
      const told = [];
      if (line.field) {
        const top = line.field.bit + line.width - 1;
        told.push(line.width > 1 ? `bits ${top}:${line.field.bit}` : `bit ${line.field.bit}`, accessWords(line.code), line.field.effects);
      } else {
        told.push(`${reg.address}`, `offset 0x${reg.offset.toString(16)}`, reg.bits === 32 ? "" : reg.bits === 1 ? "1 bit" : `${reg.bits} bits`, reg.code);
        if (reg.reset !== null) told.push(`reset ${digits(reg.reset, Math.max(reg.width, 2), "hex")}`);
        told.push(physical(t.valueOf(reg), reg));
      }
      const [kind, , why] = freshness(t, line);
      if (["stale", "mismatch", "guarded", "written"].includes(kind)) told.push(why);
      setText(name, line.id);
      setText(facts, told.filter(Boolean).join(" · "));
      facts.title = facts.textContent;
      setText(words, description(line));
    }
    ruler.paint();
  }

  /** An action was answered: the line of Python that does the same. */
  function did(answer) {
    last.hidden = false;
    setText(code, answer.line);
    code.title = answer.error ? `Refused: ${answer.error}` : answer.said;
  }

  return {
    root, ruler, paint, did,
    get python() { return last.hidden ? null : code.textContent; },
    told(content) {
      whole.set(content.index, content.text);
      paint();
    },
  };
}
