// The keys of a register table, and what its marks mean.

const KEYS = [
  ["↑ ↓ Page Home End", "move"],
  ["→ ←", "unfold and fold the fields"],
  ["Enter or F2", "change the value; Enter again writes it, Escape cancels"],
  ["Space", "toggle a bit, unfold a register"],
  ["r", "read the register now"],
  ["b", "go to the bits; arrows move there, Space toggles"],
  ["s", "star: watch the register, with its history"],
  ["v", "show the row's value in the next way"],
  ["k", "mark the values now, to see what changes"],
  ["c", "copy the Python line of the last action"],
  ["m", "all that can be done with the row"],
  ["/", "search by name, address (0x…), field or text"],
  ["?", "this help"],
];
const MARKS = [
  ["read", "now", "read from the device within the last seconds"],
  ["aging", "12 s ago", "read then, and not since"],
  ["written", "written", "written and not read back: not verified"],
  ["mismatch", "differs", "read back after a write, and something else was there"],
  ["stale", "stale", "it may have changed, or could not be read; the row says why"],
  ["never", "never read", "nothing is known yet"],
  ["guarded", "on request", "reading would change it: read only when you ask (r)"],
];

function openHelp(t) {
  const row = (left, right) => make("tr", {}, left, make("td", {}, right));
  const keys = KEYS.map(([key, text]) => row(make("th", { scope: "row" }, make("kbd", {}, key)), text));
  const marks = MARKS.map(([kind, word, text]) => row(make("th", { scope: "row" }, make("span", { class: "pw-reg-dot", "data-kind": kind, "aria-hidden": "true" }), ` ${word}`), text));
  const close = make("button", { type: "button" }, "Close");
  const box = make(
    "div",
    { class: "pw-menu pw-help", role: "dialog", "aria-label": "Keys of the register table", tabindex: "-1" },
    make("div", { class: "pw-help-parts" }, make("table", {}, make("caption", {}, "Keys"), ...keys), make("table", {}, make("caption", {}, "How fresh a value is"), ...marks)),
    close,
  );
  const opened = openBox(t, box, null);
  close.addEventListener("click", () => opened.close());
  box.addEventListener("keydown", (event) => event.key === "?" && (event.preventDefault(), opened.close()));
  close.focus({ preventScroll: true });
}
