// A buffer's panel: one line of controls, details that fold, and what is no plot (an image, bytes, text). A plot stands below it, a
// widget of its own.

const TOLD_EVERY = 12; // frames: each time JupyterLab shows a kernel that is busy, and idle again, which costs it more than a picture
const UNASKED = new Set(["at", "rows", "region", "hello"]); // what a page says by itself
const RATES = [1, 2, 5, 10, 20, 30, 60];

function render({ model, el }) {
  let state = { live: false, rate: 0, said: "", gone: false, gaps: false, detail: "", range: [], value: "", labels: [], surface: "plot", mode: "", problem: "" };
  let seen = 0; // the last frame that is on the page
  let told = 0; // and the last of which the kernel knows that
  let heard = performance.now();
  let hovering = null; // what the mouse points at, not yet asked for
  let asked = 0; // when the question was sent that has no answer yet
  let surface = null; // the image, the bytes or the text
  let surfaceKey = "";
  let problem = ""; // the answer to what this page asked for last
  let forgetting = null;

  const send = (kind, content = {}) => {
    // What is asked for now has its own answer.
    if (problem && !UNASKED.has(kind)) {
      problem = "";
      paint();
    }
    return post(model, { kind, view: pulse.view, ...content });
  };
  const ask = (content) => {
    asked = performance.now();
    if (!send("at", content)) asked = 0;
  };
  // One question at a time: a mouse that moves does not flood a kernel that computes.
  const point = (content) => {
    hovering = content;
    if (!asked || performance.now() - asked > 5000) next();
  };
  const next = () => {
    asked = 0;
    if (!hovering) return;
    const content = hovering;
    hovering = null;
    ask(content);
  };
  const tellSeen = () => {
    told = seen;
    pulse.beat();
  };
  const clear = () => {
    hovering = null;
    setText(value, "");
  };

  // The line of controls.
  const mode = controlForm((_, value) => send("mode", { mode: value }), "pw-buf-mode");
  const quick = controlForm((name, value) => send("setting", { name, value }), "pw-buf-quick");
  const button = (text, title, act) => {
    const made = make("button", { type: "button", title }, text);
    made.addEventListener("click", act);
    return made;
  };
  const hold = button("Hold", "Stand still: zoom and measure what is seen while the buffer goes on", () => send("hold", { hold: !state.hold }));
  const whole = button("Whole", "Show all of the buffer", () => (surface?.all ? surface.all() : send("whole")));
  const newer = make("span", { class: "pw-badge pw-buf-newer", hidden: true });
  const moving = make("span", { class: "pw-badge pw-buf-moving", hidden: true });
  const live = make("span", { class: "pw-badge pw-buf-live" });
  const more = make("button", { type: "button", class: "pw-buf-more", "aria-expanded": "false", "aria-label": "Details", title: "How the memory is read, axes, trigger, statistics, export" }, "Details");
  const planes = make("span", { class: "pw-buf-form pw-buf-planes", role: "group", "aria-label": "Plane" });
  const title = make("span", { class: "pw-title" }, model.get("title"));
  const bar = make("div", { class: "pw-bar" }, title, mode.el, quick.el, planes, make("span", { class: "pw-grow" }), moving, newer, live, hold, whole, more);

  // What folds.
  const facts = make("div", { class: "pw-buf-facts" });
  const paintFacts = () => facts.replaceChildren(...model.get("facts").map(([name, text]) => make("span", { "data-fact": name }, make("span", { class: "pw-quiet" }, `${name} `), text)));
  paintFacts();
  const read = controlForm((name, value) => send("interpret", { [name]: value }));
  const reset = button("As allocated", "Read the memory by the buffer's own type and shape", () => send("interpret"));
  const axis = controlForm((name, value) => send("axis", { [name]: value }));
  const look = controlForm((name, value) => (name === "rate" ? send("rate", { rate: Number(value) }) : name === "side" ? send("side", { side: value }) : send("setting", { name, value })));
  const compare = controlForm((_, value) => send("compare", { how: value }));
  const trigger = controlForm((name, value) => {
    if (name === "line" || name === "mode") return send(`trigger_${name}`, { [name]: value });
    const { slope = "", level = "", hysteresis = 0, holdoff = 0 } = state.trigger ?? {};
    const now = { slope, level, hysteresis, holdoff, [name]: value };
    send("trigger", name === "level" && !now.slope ? { ...now, slope: "rising" } : now);
  });
  const single = button("Single", "Wait for the trigger once, then hold", () => send("single"));
  const where = make("input", { type: "text", class: "pw-buf-where", "aria-label": "Index of an element", title: "Type an index and press Enter to see its value", spellcheck: "false", autocomplete: "off" });
  const numbers = make("div", { class: "pw-buf-numbers", tabindex: 0, role: "group", "aria-label": "Statistics" });
  const numbersOf = controlForm((_, value) => send("statistics_of", { of: value }));
  const files = make("span", { class: "pw-buf-form" });
  const section = (name, ...parts) => make("div", { class: "pw-buf-section", role: "group", "aria-label": name }, make("span", { class: "pw-buf-head" }, name), ...parts);
  const triggerSection = section("Trigger", trigger.el, single);
  const numbersSection = section("Statistics", numbersOf.el, numbers);
  const axesSection = section("Units", axis.el);
  const compareSection = section("Compare", compare.el);
  const details = make("div", { class: "pw-buf-details", hidden: true }, facts, section("Read as", read.el, reset), section("Look", look.el, make("label", { class: "pw-buf-field" }, make("span", { class: "pw-buf-name" }, "value at"), where)), axesSection, compareSection, triggerSection, numbersSection, section("Save", files));

  const said = make("div", { class: "pw-buf-said", role: "status" });
  const value = make("span", { class: "pw-mono pw-buf-value", role: "status" });
  const labels = make("span", { class: "pw-buf-labels" });
  const note = make("span", { class: "pw-quiet pw-buf-note" });
  const ramp = make("span", { class: "pw-buf-ramp", hidden: true }, make("span"), make("i"), make("span"));
  const foot = make("div", { class: "pw-buf-foot" }, value, make("span", { class: "pw-grow" }), labels, ramp, note);
  const stage = make("div", { class: "pw-buf-stage" });
  const root = make("div", { class: "pw pw-buffer-panel" }, bar, details, said, stage, foot);
  keepKeys(root);
  el.append(root);
  const pulse = heartbeat(model, root, () => ({ seen, details: !details.hidden, pixels: surface?.pixels?.() }));

  more.addEventListener("click", () => {
    details.hidden = !details.hidden;
    more.setAttribute("aria-expanded", String(!details.hidden));
    pulse.beat();
  });
  where.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (state.surface === "hex" && /^(0x[0-9a-f]+|\d+)$/i.test(where.value.trim())) return surface?.show(Number(where.value.trim()));
    const index = where.value.split(/[\s,;]+/).filter(Boolean).map(Number);
    if (index.length && index.every(Number.isInteger)) ask({ index });
    else setText(value, "An index is a whole number" + ((state.shape?.length ?? 1) > 1 ? " for the row, and one for the column." : "."));
  });

  function paintSheet(force) {
    if (!state.modes) return;
    mode.update([{ name: "mode", kind: "choice", label: "", title: "Shown as", help: "What the buffer is shown as", value: state.mode, options: state.modes }], force);
    quick.update(state.settings.filter((setting) => !setting.folded), force);
    const { dtype, dtypes, shape, byteorder, channels, offset, changed } = state.read;
    const types = dtypes.includes(dtype) || !dtype ? dtypes : [dtype, ...dtypes];
    read.update([
      { name: "dtype", kind: "choice", label: "type", help: "What an element is", value: dtype, options: dtype ? types : [["", "structure"], ...types] },
      { name: "shape", kind: "text", label: "shape", help: "Lengths with commas, as 480,640; one may be -1 and takes what there is", value: shape, wide: true },
      { name: "byteorder", kind: "choice", label: "bytes", title: "Byte order", help: "Which byte of an element comes first", value: byteorder, options: [["little", "little-endian"], ["big", "big-endian"]] },
      { name: "channels", kind: "number", label: "channels", help: "How many channels take turns in the memory", value: channels, whole: true, low: 1, high: 64 },
      { name: "offset", kind: "number", label: "from byte", help: "Bytes that are left out at the start", value: offset, whole: true, low: 0, high: 1e12 },
    ], force);
    reset.hidden = !changed;
    const rates = [...new Set([...RATES, state.rate])].filter(Boolean).sort((a, b) => a - b);
    look.update([
      { name: "rate", kind: "choice", label: "looks", title: "How often the buffer is looked at", help: "How often the buffer is looked at", value: state.rate, options: [...rates.map((hz) => [hz, `${hz} Hz`]), [0, "off"]] },
      ...(state.sides.length ? [{ name: "side", kind: "choice", label: "side", help: "What the processor sees, or what the hardware sees: they differ where a cache was not flushed or invalidated", value: state.side, options: [["host", "processor"], ["device", "hardware"]] }] : []),
      ...state.settings.filter((setting) => setting.folded),
    ], force);
    axis.update([
      { name: "sample_rate", kind: "text", label: "sample rate", help: "Samples a second, as 48e3 or 48 kHz: axes are in seconds then", value: state.axis.sample_rate, none: "none", wide: true },
      { name: "unit", kind: "text", label: "unit", help: "What values are measured in, as V", value: state.axis.unit },
      { name: "scale", kind: "text", label: "1 stands for", help: "How much, in units, a value of 1 is", value: state.axis.scale, wide: true },
    ], force);
    trigger.update([
      { name: "slope", kind: "choice", label: "on", title: "Trigger on", help: "The picture starts where the first line crosses the level", value: state.trigger.slope, options: [["", "nothing"], ["rising", "rising"], ["falling", "falling"], ["both", "both"]] },
      { name: "level", kind: "text", label: "level", help: "Where the line is to cross; the mark on the plot can be dragged", value: state.trigger.level, none: "middle" },
      ...(state.trigger.slope ? [
        ...(state.lines.length > 1 ? [{ name: "line", kind: "choice", label: "of", title: "Trigger on the line", help: "Which line is to cross the level", value: state.trigger.line, options: state.lines.map((name, i) => [i, name]) }] : []),
        { name: "mode", kind: "choice", label: "mode", title: "Trigger mode", help: "Where the level is not crossed: normal, what was seen stays; auto, the buffer is shown all the same", value: state.trigger.mode, options: ["normal", "auto"] },
        { name: "hysteresis", kind: "text", label: "hysteresis", help: "How far on the other side of the level the line is to have been: more than its noise", value: state.trigger.hysteresis },
        { name: "holdoff", kind: "text", label: "holdoff", help: "Samples after a crossing in which there is no other", value: state.trigger.holdoff },
      ] : []),
    ], force);
    compareSection.hidden = !state.compare || !state.lines.length;
    if (state.compare) compare.update([{ name: "how", kind: "choice", label: `with ${state.compare[0]}`, title: "Compare", help: "The other buffer over this one, or this one less the other", value: state.compare[1], options: [["over", "over each other"], ["difference", "difference"], ["off", "not now"]] }], force);
    numbersOf.update([{ name: "of", kind: "choice", label: "of the", title: "Statistics of", help: "What the statistics are of", value: state.statistics_of, options: [["visible", "visible part"], ["whole", "whole"]] }], force);
    axesSection.hidden = !state.lines.length;
    triggerSection.hidden = !state.along;
    single.disabled = !state.trigger.slope;
    numbersSection.hidden = !state.lines.length;
    paintPlanes();
    if (files.dataset.formats !== state.formats.join()) {
      files.dataset.formats = state.formats.join();
      files.replaceChildren(...state.formats.map((format) => button(format.toUpperCase(), `Save what is seen as .${format}`, () => send("export", { format }))));
    }
    where.placeholder = state.surface === "hex" ? "byte" : state.shape.length > 1 ? "row, column" : "index";
  }

  function paintPlanes() {
    const key = JSON.stringify(state.planes);
    if (planes.dataset.key !== key) {
      planes.dataset.key = key;
      const inputs = state.planes.map((length, i) => make("input", { type: "number", min: 0, max: length - 1, "aria-label": `Index on axis ${i}`, title: `Axis ${i}: 0 to ${length - 1}` }));
      const choose = () => {
        state.plane = inputs.map((each) => Number(each.value));
        send("plane", { index: state.plane });
      };
      const step = (input, by, text, name) =>
        button(text, name, () => {
          input.value = Math.min(Math.max(Number(input.value) + by, 0), Number(input.max));
          choose();
          paintEnds();
        });
      for (const input of inputs) input.addEventListener("change", choose);
      const steppers = inputs.map((input, i) => make("span", { class: "pw-buf-stepper" }, step(input, -1, "‹", `Plane before, on axis ${i}`), input, make("span", { class: "pw-quiet" }, `of ${state.planes[i].toLocaleString("en")}`), step(input, 1, "›", `Next plane, on axis ${i}`)));
      planes.replaceChildren(...(inputs.length ? [make("span", { class: "pw-buf-name" }, "plane"), ...steppers] : []));
    }
    [...planes.querySelectorAll("input")].forEach((input, i) => {
      if (input !== document.activeElement) input.value = state.plane[i] ?? 0;
    });
    paintEnds();
  }

  function paintEnds() {
    for (const stepper of planes.querySelectorAll(".pw-buf-stepper")) {
      const input = stepper.querySelector("input");
      const [back, on] = stepper.querySelectorAll("button");
      back.disabled = Number(input.value) <= 0;
      on.disabled = Number(input.value) >= Number(input.max);
    }
  }

  /** Have the right thing to draw on. */
  function paintSurface() {
    const key = `${state.surface} ${state.surface === "picture" ? state.shape : ""}`;
    if (key === surfaceKey) return;
    if (state.surface === "picture" && state.shape?.length !== 2) return;
    surfaceKey = key;
    surface?.stop?.();
    surface = null;
    if (state.surface === "picture") surface = pictureCanvas(state.shape, (region) => send("region", { region }), (index) => (index ? point({ index }) : clear()));
    else if (state.surface === "hex") surface = hexList((first, count) => send("rows", { first, count }));
    else if (state.surface === "text") {
      const text = make("pre", { class: "pw-buf-values pw-mono", tabindex: 0, role: "group", "aria-label": "Values of the buffer" });
      surface = { el: text };
    }
    stage.replaceChildren(...(surface ? [surface.el] : []));
  }

  function paint(force = false) {
    paintSurface();
    paintSheet(force);
    if (state.surface === "hex" && state.hex) surface?.set(state.hex);
    if (state.surface === "text" && surface) setText(surface.el, state.value ?? "");
    const silent = performance.now() - heard > 4000 && state.live;
    const waits = state.live && state.single;
    setText(live, state.gone ? "freed" : silent ? "no answer" : state.hold ? "held" : waits ? "armed" : state.live ? "live" : state.rate ? "paused" : "not followed");
    live.dataset.kind = state.gone || silent ? "off" : state.hold || !state.live ? "paused" : "live";
    live.title = state.gone ? state.said : silent ? "The kernel has not answered for some seconds" : state.hold ? "What is seen stands still" : state.live ? "The view follows the buffer" : "The view does not follow the buffer now";
    hold.setAttribute("aria-pressed", String(Boolean(state.hold)));
    hold.disabled = state.gone;
    // A plot has a button of its own for its axes; here is the part of the buffer that a spectrum is of.
    whole.hidden = !(state.surface === "picture" || (state.surface === "plot" && !state.along && state.part));
    setText(whole, state.surface === "picture" ? "Whole" : "All samples");
    const [which, places] = state.coherence ?? ["", ""];
    newer.hidden = !which;
    setText(newer, which);
    newer.title = `${places}. Shown is the ${state.side === "device" ? "hardware's" : "processor's"} side.`;
    moving.hidden = !state.transfers?.length;
    setText(moving, (state.transfers ?? []).join(", "));
    moving.title = "A transfer is under way in this buffer";
    const sentence = state.said || problem || state.problem;
    setText(said, sentence);
    said.hidden = !sentence;
    said.classList.toggle("pw-alert", Boolean(state.gone || problem || state.problem));
    const side = state.side === "device" ? "the hardware's side" : "";
    const uncopied = state.uncopied && "held; more than 64 MiB is not copied: what is zoomed now is as the memory is now";
    setText(note, [side, uncopied, state.detail, state.gaps && "NaN and infinite values are left out"].filter(Boolean).join(" · "));
    if (labels.dataset.key !== JSON.stringify(state.labels)) {
      labels.dataset.key = JSON.stringify(state.labels);
      labels.replaceChildren();
    }
    ramp.hidden = state.surface !== "picture" || !state.range?.length;
    if (state.range?.length) [0, 2].forEach((at, i) => setText(ramp.children[at], state.range[i]));
    root.classList.toggle("pw-buf-gone", Boolean(state.gone));
    foot.hidden = !value.textContent && !note.textContent && ramp.hidden;
  }

  function paintNumbers(lines) {
    const names = lines.length ? lines[0][1].map(([name]) => name) : [];
    const several = lines.length > 1;
    const head = make("tr", {}, several ? make("td") : null, ...names.map((name) => make("th", { scope: "col" }, name)));
    const body = lines.map(([name, found]) => make("tr", {}, several ? make("th", { scope: "row" }, name) : null, ...found.map(([, text]) => make("td", {}, text))));
    numbers.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
  }

  function onMessage(content, buffers) {
    heard = performance.now();
    if (content.kind === "state") {
      const fresh = content.modes !== undefined;
      if (content.mode !== undefined && content.mode !== state.mode) setText(value, "");
      // Most frames bring a picture and say nothing else that is new.
      const said = fresh || Object.entries(content).some(([name, told]) => name !== "n" && JSON.stringify(told) !== JSON.stringify(state[name]));
      state = { ...state, ...content };
      if (said) paint(fresh && Boolean(problem));
      if (content.show) surface?.jump?.(content.show);
      surface?.rows?.(state.rows ?? []);
      const drawn = buffers?.[0] && surface?.take && state.surface === "picture" ? surface.take(buffers[0], state.mime, content.region) : Promise.resolve();
      // The kernel sends on when it hears what was drawn: a slow page gets fewer pictures, not a queue of them.
      drawn.finally(() => {
        seen = Math.max(seen, content.n);
        if (seen >= told + TOLD_EVERY) tellSeen();
      });
    } else if (content.kind === "value" && content.view === pulse.view) {
      setText(value, content.text);
      foot.hidden = false;
      next();
    } else if (content.kind === "rows" && content.view === pulse.view && state.surface === "hex") {
      surface?.take(content.first, content.rows);
    } else if (content.kind === "statistics") {
      paintNumbers(content.lines);
    } else if (content.kind === "problem" && content.view === pulse.view) {
      problem = content.text;
      clearTimeout(forgetting);
      forgetting = setTimeout(() => {
        problem = "";
        paint();
      }, 8000);
      paint(true);
    } else if (content.kind === "file" && content.view === pulse.view) {
      const url = URL.createObjectURL(new Blob([buffers[0]]));
      const link = make("a", { href: url, download: content.name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    }
  }

  model.on("msg:custom", onMessage);
  model.on("change:facts", paintFacts);
  const clock = setInterval(paint, 1000);
  paint();
  send("hello", { visible: false });
  return () => {
    model.off("msg:custom", onMessage);
    model.off("change:facts", paintFacts);
    clearInterval(clock);
    clearTimeout(forgetting);
    surface?.stop?.();
    pulse.stop();
  };
}

export default { render };
