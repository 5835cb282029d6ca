// The keys of a plot, and what the mouse does.

const PLOT_KEYS = [
  ["← → ↑ ↓", "move the view"],
  ["Page ↑ ↓", "a whole view back, on"],
  ["+ −", "zoom"],
  ["Shift ← →", "zoom x out, in"],
  ["Shift ↓ ↑", "zoom y out, in"],
  ["0 or Home", "show the whole"],
  ["x, y", "cursors on x, on y; Tab goes to them, arrows move them (Shift: ten times as far), Delete takes them away"],
  ["b", "zoom to a box, drawn with the mouse"],
  ["Escape", "no box"],
  ["?", "this help"],
];
const PLOT_MOUSE = [
  ["wheel", "zoom at the pointer; on the ticks of an axis that axis"],
  ["Shift wheel", "zoom y"],
  ["Alt wheel", "zoom both"],
  ["drag", "move; on the ticks of an axis that axis"],
  ["Shift drag", "zoom to a box"],
  ["double click", "show the whole"],
  ["two fingers", "zoom and move"],
];

function openPlotHelp(p) {
  if (p.help) return p.help();
  const row = ([key, text]) => make("tr", {}, make("th", { scope: "row" }, make("kbd", {}, key)), make("td", {}, text));
  const done = make("button", { type: "button" }, "Close");
  const tables = make("div", { class: "pw-plot-help-parts" }, make("table", {}, make("caption", {}, "Keys"), ...PLOT_KEYS.map(row)), make("table", {}, make("caption", {}, "Mouse and touch"), ...PLOT_MOUSE.map(row)));
  const box = make("div", { class: "pw-plot-help", role: "dialog", "aria-label": "Keys of the plot", tabindex: -1 }, tables, done);
  const close = () => {
    p.help = null;
    box.remove();
    p.canvas.focus({ preventScroll: true });
  };
  p.help = close;
  done.addEventListener("click", close);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" && event.key !== "?") return;
    event.preventDefault();
    close();
  });
  p.root.append(box);
  done.focus({ preventScroll: true });
}
