// An expectation: one line that waits, and then is green or red and says why.

const MARKS = { passed: "✓", failed: "✗", waiting: "…" };

function render({ model, el }) {
  const mark = make("b", { class: "pw-expect-mark", "aria-hidden": "true" });
  const word = make("span", { class: "pw-sr" });
  const text = make("span", { class: "pw-mono" });
  const note = make("span", { class: "pw-quiet" });
  const root = make("div", { class: "pw pw-expect", role: "status" }, mark, word, text, " ", note);
  el.append(root);
  function paint() {
    const told = model.get("told");
    root.dataset.state = told.state;
    setText(mark, MARKS[told.state]);
    setText(word, `${told.state}: `);
    setText(text, told.text);
    setText(note, told.note);
    // While it waits the seconds that are left are for eyes only.
    root.setAttribute("aria-live", told.state === "waiting" ? "off" : "polite");
  }
  model.on("change:told", paint);
  paint();
  return () => model.off("change:told", paint);
}

export default { render };
