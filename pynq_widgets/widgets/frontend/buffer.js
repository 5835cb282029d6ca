// A buffer's bar: what it is, how it is followed, and the value under the mouse. Below it stands the line (bqplot's, a sibling of this
// view) or the picture (this view's own).

const RATES = [1, 2, 5, 10, 20, 50];

function render({ model, el }) {
  const kind = model.get("kind");
  const shape = model.get("shape");
  let state = { live: false, rate: 0, said: "", gone: false, gaps: false, detail: "", range: [], value: "" };
  let seen = 0;
  let heard = performance.now();
  let hovering = null; // what the mouse points at, not yet asked for
  let asked = 0; // when the question was sent that has no answer yet

  const live = make("span", { class: "pw-badge pw-buf-live" });
  const rate = make("select", { "aria-label": "How often the buffer is looked at", title: "How often the buffer is looked at" });
  const whole = make("button", { type: "button", title: "Show all of the buffer" }, "Whole");
  const where = make("input", { type: "text", class: "pw-buf-where", placeholder: shape.length > 1 ? "row, column" : "index", "aria-label": "Index of an element", title: "Type an index and press Enter to see its value", spellcheck: "false", autocomplete: "off" });
  const labels = model.get("labels").map(([name, colour]) => make("span", { class: "pw-buf-label" }, make("i", { style: `background:${colour}` }), name));
  const planes = model.get("planes").map((length, axis) => make("input", { type: "number", min: 0, max: length - 1, value: 0, "aria-label": `Index on axis ${axis}`, title: `Axis ${axis}: 0 to ${length - 1}` }));
  const bar = make("div", { class: "pw-bar" }, make("span", { class: "pw-title" }, model.get("title")), ...labels);
  if (planes.length) bar.append(make("span", { class: "pw-quiet" }, "plane"), ...planes);
  bar.append(make("span", { class: "pw-grow" }));
  if (kind !== "text") bar.append(where, whole);
  bar.append(rate, live);
  const facts = make("div", { class: "pw-buf-facts" });
  const paintFacts = () => facts.replaceChildren(...model.get("facts").map(([name, text]) => make("span", { "data-fact": name }, make("span", { class: "pw-quiet" }, `${name} `), text)));
  paintFacts();
  const said = make("div", { class: "pw-buf-said", role: "status" });
  const value = make("span", { class: "pw-mono pw-buf-value", role: "status" });
  const note = make("span", { class: "pw-quiet pw-buf-note" });
  const ramp = make("span", { class: "pw-buf-ramp", hidden: true }, make("span"), make("i"), make("span"));
  const foot = make("div", { class: "pw-buf-foot" }, value, make("span", { class: "pw-grow" }), ramp, note);

  const root = make("div", { class: "pw pw-buffer-panel" }, bar, facts, said);
  keepKeys(root);
  const pulse = heartbeat(model, root, () => ({ seen }));
  const ask = (content) => {
    asked = performance.now();
    if (!post(model, { kind: "at", view: pulse.view, ...content })) asked = 0;
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
  const clear = () => {
    hovering = null;
    if (kind !== "text") setText(value, "");
  };

  const picture = kind === "picture" ? pictureCanvas(shape, (region) => post(model, { kind: "region", region }), (index) => (index ? point({ index }) : clear())) : null;
  if (picture) root.append(picture.canvas);
  root.append(foot);
  el.append(root);

  for (const hz of [...RATES, 0]) rate.append(make("option", { value: hz }, hz ? `${hz} Hz` : "off"));
  rate.addEventListener("change", () => post(model, { kind: "rate", rate: Number(rate.value) }));
  whole.addEventListener("click", () => (picture ? picture.all() : post(model, { kind: "whole" })));
  where.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const index = where.value.split(/[\s,;]+/).filter(Boolean).map(Number);
    if (index.length && index.every(Number.isInteger)) ask({ index });
    else setText(value, "An index is a whole number" + (shape.length > 1 ? " for the row, and one for the column." : "."));
    event.preventDefault();
  });
  const planeChanged = () => post(model, { kind: "plane", index: planes.map((input) => Number(input.value)) });
  for (const input of planes) input.addEventListener("change", planeChanged);

  function paint() {
    const silent = performance.now() - heard > 4000 && state.live;
    setText(live, state.gone ? "freed" : silent ? "no answer" : state.live ? "live" : state.rate ? "paused" : "not followed");
    live.dataset.kind = state.gone || silent ? "off" : state.live ? "live" : "paused";
    live.title = state.gone ? state.said : silent ? "The kernel has not answered for some seconds" : state.live ? "The view follows the buffer" : "The view does not follow the buffer now";
    if (![...rate.options].some((option) => Number(option.value) === state.rate)) rate.prepend(make("option", { value: state.rate }, `${state.rate} Hz`));
    if (document.activeElement !== rate) rate.value = String(state.rate);
    rate.disabled = state.gone;
    setText(said, state.said);
    said.hidden = !state.said;
    said.classList.toggle("pw-alert", state.gone);
    const notes = [state.detail, state.gaps && "NaN and infinite values are left out"].filter(Boolean);
    setText(note, notes.join(" · "));
    if (kind === "text") setText(value, state.value ?? "");
    ramp.hidden = !state.range?.length;
    if (state.range?.length) [0, 2].forEach((at, i) => setText(ramp.children[at], state.range[i]));
    root.classList.toggle("pw-buf-gone", state.gone);
    foot.hidden = kind === "text" && !state.value;
  }

  function onMessage(content, buffers) {
    heard = performance.now();
    if (content.kind === "state") {
      state = { ...state, ...content };
      paint();
      if (content.show) picture?.jump(content.show);
      const drawn = picture && buffers?.[0] ? picture.take(buffers[0], content.region) : Promise.resolve();
      // The kernel sends on when it hears what was drawn: a slow page gets fewer pictures, not a queue of them.
      drawn.finally(() => {
        seen = Math.max(seen, content.n);
        pulse.beat();
      });
    } else if (content.kind === "value" && content.view === pulse.view) {
      setText(value, content.text);
      next();
    }
  }

  // The line is drawn by bqplot beside this view: where the mouse is on it is asked of its page elements.
  let figure = null;
  const cross = make("div", { class: "pw-buf-cross", hidden: true });
  const overLine = (event) => {
    const area = figure.querySelector(".plotarea_events")?.getBoundingClientRect();
    const fraction = area?.width ? (event.clientX - area.left) / area.width : -1;
    const inside = fraction >= 0 && fraction <= 1 && event.clientY >= area.top && event.clientY <= area.bottom;
    cross.hidden = !inside;
    if (!inside) return clear();
    const frame = figure.getBoundingClientRect();
    cross.style.left = `${event.clientX - frame.left}px`;
    cross.style.top = `${area.top - frame.top}px`;
    cross.style.height = `${area.height}px`;
    point({ fraction });
  };
  const offLine = () => {
    cross.hidden = true;
    clear();
  };
  function findFigure() {
    const found = kind === "line" ? root.closest(".pw-buffer")?.querySelector(".bqplot.figure") : null;
    if (!found || found === figure) return;
    figure = found;
    figure.append(cross);
    figure.addEventListener("pointermove", overLine);
    figure.addEventListener("pointerleave", offLine);
  }

  model.on("msg:custom", onMessage);
  model.on("change:facts", paintFacts);
  const clock = setInterval(() => {
    findFigure();
    paint();
  }, 1000);
  const laid = new ResizeObserver(findFigure);
  laid.observe(root);
  paint();
  post(model, { kind: "hello", view: pulse.view, visible: false });
  return () => {
    model.off("msg:custom", onMessage);
    model.off("change:facts", paintFacts);
    clearInterval(clock);
    laid.disconnect();
    picture?.stop();
    if (figure) {
      figure.removeEventListener("pointermove", overLine);
      figure.removeEventListener("pointerleave", offLine);
      cross.remove();
    }
    pulse.stop();
  };
}

export default { render };
