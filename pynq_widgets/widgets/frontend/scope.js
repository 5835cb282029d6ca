// A scope's panel: buttons, trigger, time base, counts and what is measured. The plot stands below it, a widget of its own.

const RATES = [1, 5, 10, 20, 30, 60];

function render({ model, el }) {
  let state = { state: "unseen", rate: 0, asked: 0, counts: [0, 0, 0, 0], waiting: "", searching: false, problem: "", detail: "", measured: [], drawn: 0 };
  let seen = 0;
  let heard = performance.now();
  let problem = ""; // the answer to what this page asked for last
  let forgetting = null;

  const send = (kind, content = {}) => post(model, { kind, view: pulse.view, ...content });
  const button = (text, title, act) => {
    const made = make("button", { type: "button", title }, text);
    made.addEventListener("click", act);
    return made;
  };
  const setting = (name, value) => send("setting", { name, value });
  const axis = (name, value) => send("axis", { name, value });

  const title = make("span", { class: "pw-title" });
  const badge = make("span", { class: "pw-badge" });
  const mode = controlForm((_, value) => send("mode", { mode: value }), "pw-buf-mode");
  const quick = controlForm(setting, "pw-buf-quick");
  const live = make("span", { class: "pw-badge pw-buf-live pw-scope-live", role: "status" });
  const run = button("Stop", "", () => send(going() ? "stop" : "run"));
  run.className = "pw-scope-run";
  const single = button("Single", "Take one frame, the first that meets the trigger, and stop", () => send("single"));
  const more = make("button", { type: "button", class: "pw-buf-more", "aria-expanded": "false", title: "Units, rate, holdoff, what the mode can be told" }, "Details");
  const bar = make("div", { class: "pw-bar" }, title, badge, mode.el, quick.el, make("span", { class: "pw-grow" }), live, run, single, more);

  const trigger = controlForm((name, value) => send("trigger", { name, value }), "pw-scope-trigger");
  const time = controlForm(axis, "pw-scope-time");
  const row = make("div", { class: "pw-scope-row" }, trigger.el, make("span", { class: "pw-grow" }), time.el);

  const units = controlForm(axis);
  const finer = controlForm((name, value) => send("trigger", { name, value }));
  const look = controlForm(setting);
  const section = (name, ...parts) => make("div", { class: "pw-buf-section", role: "group", "aria-label": name }, make("span", { class: "pw-buf-head" }, name), ...parts);
  const lookSection = section("Look", look.el);
  const clear = button("Clear", "Count, and remember, from now on", () => send("clear"));
  const details = make("div", { class: "pw-buf-details", hidden: true }, section("Frames", units.el, clear), section("Trigger", finer.el), lookSection);
  const said = make("div", { class: "pw-buf-said", role: "status", hidden: true });

  const names = ["frames", "shown", "overruns", "rejected"];
  const helps = ["Frames that have come", "Frames that were drawn", "Frames that newer ones replaced before they were seen", "Frames that did not meet the trigger"];
  const numbers = names.map(() => make("b"));
  const counts = make("span", { class: "pw-scope-counts" }, ...names.map((name, i) => make("span", { title: helps[i], "data-count": name }, numbers[i], ` ${name}`)));
  const note = make("span", { class: "pw-quiet pw-scope-note" });
  const measured = make("div", { class: "pw-buf-numbers pw-scope-measured", role: "group", "aria-label": "Measurements", tabindex: 0 });
  const foot = make("div", { class: "pw-scope-foot" }, measured, make("span", { class: "pw-grow" }), counts, note);
  const root = make("div", { class: "pw pw-scope-panel" }, bar, row, details, said, foot);
  keepKeys(root);
  el.append(root);
  const pulse = heartbeat(model, root, () => ({ seen, drawn: state.drawn }));

  more.addEventListener("click", () => {
    details.hidden = !details.hidden;
    more.setAttribute("aria-expanded", String(!details.hidden));
  });

  const going = () => ["running", "armed", "unseen"].includes(state.state);

  function paintNames() {
    setText(title, model.get("title"));
    const [name, kind] = model.get("device");
    setText(badge, name ?? "");
    badge.dataset.kind = kind ?? "";
    badge.hidden = !name;
  }

  function spanText(seconds) {
    if (!state.axis.sample_rate) return `${seconds} samples`;
    const [unit, scale] = [["s", 1], ["ms", 1e3], ["µs", 1e6], ["ns", 1e9]].find(([, by]) => seconds * by >= 0.9999) ?? ["ns", 1e9];
    return `${Number((seconds * scale).toPrecision(4))} ${unit}`;
  }

  function paintSheet(force) {
    if (!state.modes) return;
    mode.update([{ name: "mode", kind: "choice", label: "", title: "Shown as", help: "What a frame is shown as", value: state.mode, options: state.modes }], force);
    quick.update(state.settings.filter((each) => !each.folded), force);
    look.update(state.settings.filter((each) => each.folded), force);
    lookSection.hidden = !state.settings.some((each) => each.folded);
    const on = state.triggered;
    const shown = state.trigger.filter((each) => !each.folded && (on || each.name === "mode")).map(placed);
    trigger.update(shown, force);
    const timed = state.axis.sample_rate ? "s" : "samples";
    finer.update(state.trigger.filter((each) => each.folded).map((each) => (each.name === "holdoff" ? { ...each, label: `holdoff, ${timed}` } : each)), force);
    const { span, spans } = state.axis;
    const widths = [...new Set([...spans, ...(span === "" ? [] : [span])])].sort((a, b) => a - b);
    time.update([
      { name: "span", kind: "choice", label: "across", title: "Width of the screen", help: "What the screen is wide", value: span, options: [["", on ? "half a frame" : "a frame"], ...widths.map((each) => [each, spanText(each)])] },
      { name: "low", kind: "text", label: "from", title: "Lower end of the screen", help: "Lower end of the vertical axis, in units", value: state.axis.low, none: "auto" },
      { name: "high", kind: "text", label: "to", title: "Upper end of the screen", help: "Upper end of the vertical axis, in units", value: state.axis.high, none: "auto" },
    ], force);
    const rates = [...new Set([...RATES, state.axis.rate])].sort((a, b) => a - b);
    units.update([
      { name: "rate", kind: "choice", label: "at most", title: "Frames a second at most", help: "Frames a second at most", value: state.axis.rate, options: rates.map((hz) => [hz, `${hz} Hz`]) },
      { name: "sample_rate", kind: "text", label: "sample rate", help: "Samples a second, as 48e3 or 48 kHz: the time base", value: state.axis.sample_rate, none: "none" },
      { name: "unit", kind: "text", label: "unit", help: "What values are measured in, as V", value: state.axis.unit },
      { name: "scale", kind: "text", label: "1 stands for", help: "How much, in units, a value of 1 is", value: state.axis.scale },
      { name: "keep", kind: "flag", label: "go on unseen", help: "Take frames also while this is not on a screen", value: state.axis.keep },
    ], force);
  }

  /** The place of the trigger as a choice of the three that are used. */
  function placed(each) {
    if (each.name !== "position") return each;
    const places = [...new Set([10, 50, 90, each.value])].sort((a, b) => a - b);
    return { ...each, kind: "choice", title: "Place of the trigger on the screen", options: places.map((place) => [place, `${place} %`]) };
  }

  function liveText() {
    if (state.state === "closed") return ["closed", "off", "This scope was closed"];
    if (performance.now() - heard > 4000 && going()) return ["no answer", "off", "The kernel has not answered for some seconds"];
    if (state.state === "stopped") return ["stopped", "paused", state.problem || "What is seen stands still"];
    if (state.state === "unseen") return ["paused", "paused", "It runs while it is on a screen"];
    if (state.waiting) return ["no data", "off", state.waiting];
    if (state.searching) return ["no trigger", "paused", "Frames come, but none crosses the level"];
    if (state.state === "armed") return ["armed", "live", "Waits for one frame that meets the trigger"];
    return [`${state.rate} Hz`, "live", `Frames a second, of ${state.asked} at most`];
  }

  function paint() {
    const [text, kind, why] = liveText();
    setText(live, text);
    live.dataset.kind = kind;
    live.title = why;
    setText(run, going() ? "Stop" : "Run");
    run.title = going() ? "Take no more frames: what is seen stands still" : "Take frames";
    run.setAttribute("aria-pressed", String(going()));
    run.disabled = single.disabled = state.state === "closed";
    const sentence = state.problem || problem || state.waiting;
    setText(said, sentence);
    said.hidden = !sentence;
    said.classList.toggle("pw-alert", Boolean(state.problem || problem));
    setText(note, state.detail);
    note.hidden = !state.detail;
    state.counts.forEach((count, i) => setText(numbers[i], count.toLocaleString("en-US")));
    counts.children[2].classList.toggle("pw-scope-over", state.counts[2] > 0);
    paintMeasured();
  }

  function paintMeasured() {
    const shape = JSON.stringify(state.measured.map(([name, found]) => [name, found.map(([what]) => what)]));
    if (measured.dataset.shape !== shape) {
      measured.dataset.shape = shape;
      const several = state.measured.length > 1;
      const lines = state.measured.map(([name, found]) => make("tr", {}, several ? make("th", { scope: "row" }, name) : null, ...found.map(([what]) => make("td", { "data-what": what }, make("span", { class: "pw-quiet" }, `${what} `), make("b")))));
      measured.replaceChildren(...(lines.length ? [make("table", {}, make("tbody", {}, ...lines))] : []));
    }
    const values = state.measured.flatMap(([, found]) => found.map(([, text]) => text));
    measured.querySelectorAll("b").forEach((cell, i) => setText(cell, values[i]));
  }

  function onMessage(content) {
    heard = performance.now();
    if (content.kind === "state") {
      state = { ...state, ...content };
      seen = Math.max(seen, content.n);
      if (content.modes) paintSheet(Boolean(problem));
      paint();
      // The kernel draws on when it hears what came through: a slow page gets fewer frames, not a queue of them.
      if (content.drawn !== undefined) pulse.beat();
    } else if (content.kind === "problem" && content.view === pulse.view) {
      problem = content.text;
      clearTimeout(forgetting);
      forgetting = setTimeout(() => {
        problem = "";
        paint();
      }, 8000);
      paintSheet(true);
      paint();
    }
  }

  model.on("msg:custom", onMessage);
  model.on("change:title", paintNames);
  model.on("change:device", paintNames);
  const clock = setInterval(paint, 1000);
  paintNames();
  paint();
  send("hello", { visible: false });
  return () => {
    model.off("msg:custom", onMessage);
    model.off("change:title", paintNames);
    model.off("change:device", paintNames);
    clearInterval(clock);
    clearTimeout(forgetting);
    pulse.stop();
  };
}

export default { render };
