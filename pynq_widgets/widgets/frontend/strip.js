// A strip chart's bar and legend; the figures below it are bqplot's, siblings of this view.

const SPANS = [10, 30, 60, 300, 600, 3600];
const spanText = (seconds) => (seconds >= 3600 && seconds % 3600 === 0 ? `${seconds / 3600} h` : seconds >= 120 && seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`);

function render({ model, el }) {
  let state = { live: false, paused: false, gone: "", gap: "", said: "", values: [], reasons: [], rate: 0, asked: 0, span: 0, samples: 0 };
  let seen = 0;
  let heard = performance.now();
  let pulse = null;

  const live = make("span", { class: "pw-badge pw-strip-live" });
  const pause = make("button", { type: "button", class: "pw-strip-pause" }, "Pause");
  const span = make("select", { "aria-label": "Span of time that is shown", title: "Span of time that is shown" });
  const clear = make("button", { type: "button", title: "Forget the samples" }, "Clear");
  const save = make("button", { type: "button", title: "Save the samples as a CSV file" }, "Export");
  const title = make("span", { class: "pw-title" });
  const badge = make("span", { class: "pw-badge" });
  const bar = make("div", { class: "pw-bar", role: "toolbar", "aria-label": "Strip chart" }, title, badge, make("span", { class: "pw-grow" }), span, pause, clear, save, live);
  const legend = make("ul", { class: "pw-strip-legend", "aria-label": "Last values" });
  const said = make("div", { class: "pw-alert", role: "status" });
  const gap = make("span", { class: "pw-strip-gap" });
  const count = make("span", { class: "pw-strip-count" });
  const foot = make("div", { class: "pw-strip-foot" }, count, gap);
  const root = make("div", { class: "pw pw-strip-panel" }, bar, said, legend, foot);
  const news = make("span", { class: "pw-sr", role: "status" });
  root.append(news);
  keepKeys(root);
  el.append(root);

  let rows = [];
  function paintLines() {
    rows = model.get("lines").map(([name, unit, colour]) => ({ value: make("span", { class: "pw-strip-value" }), why: make("span", { class: "pw-strip-why" }), name, unit, colour }));
    legend.replaceChildren(
      ...rows.map((row) => make("li", { "data-line": row.name }, make("i", { style: `background:${row.colour}` }), make("span", { class: "pw-strip-name" }, row.name), row.value, row.unit ? make("span", { class: "pw-quiet" }, row.unit) : null, row.why)),
    );
  }
  function paintNames() {
    setText(title, model.get("title"));
    const [name, kind] = model.get("device");
    setText(badge, name ?? "");
    badge.dataset.kind = kind ?? "";
    badge.hidden = !name;
  }

  for (const seconds of SPANS) span.append(make("option", { value: seconds }, spanText(seconds)));
  span.addEventListener("change", () => post(model, { kind: "span", seconds: Number(span.value) }));
  pause.addEventListener("click", () => post(model, { kind: "pause", paused: !state.paused }));
  clear.addEventListener("click", () => post(model, { kind: "clear" }));
  save.addEventListener("click", () => post(model, { kind: "export", view: pulse?.view }));

  function paint() {
    const silent = performance.now() - heard > 4000 && state.live;
    const slowed = state.live && state.rate < state.asked * 0.95;
    const kind = state.gone || silent ? "off" : state.live ? "live" : "paused";
    setText(live, state.gone ? "gone" : silent ? "no answer" : state.paused ? "paused" : state.live ? `${state.rate} Hz${slowed ? ` of ${state.asked}` : ""}` : "not sampled");
    live.dataset.kind = kind;
    live.title = state.gone || (silent ? "The kernel has not answered for some seconds" : slowed ? `The bus is slower than the ${state.asked} samples a second that were asked for` : state.live ? "The hardware is sampled so many times a second" : "Nothing is read");
    setText(pause, state.paused ? "Resume" : "Pause");
    pause.title = state.paused ? "Go on sampling" : "Stop sampling: nothing is read until it is resumed";
    pause.disabled = Boolean(state.gone);
    if (state.span && ![...span.options].some((option) => Number(option.value) === state.span)) span.prepend(make("option", { value: state.span }, spanText(state.span)));
    if (document.activeElement !== span) span.value = String(state.span);
    const alert = [state.gone, state.said].filter(Boolean).join(" ");
    setText(said, alert);
    said.hidden = !alert;
    rows.forEach((row, at) => {
      setText(row.value, state.values[at] ?? "–");
      setText(row.why, state.reasons[at] ?? "");
    });
    setText(gap, state.gap);
    setText(count, `${state.samples.toLocaleString("en-US")} samples`);
    // What a screen reader is told: not each value, but that a line has none, and why.
    setText(news, rows.map((row, at) => (state.reasons[at] ? `${row.name}: ${state.reasons[at]}` : "")).filter(Boolean).join(". "));
  }

  function download({ name, rows: taken }, buffer) {
    const link = make("a", { href: URL.createObjectURL(new Blob([buffer], { type: "text/csv" })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    setText(news, `${taken} samples saved as ${name}`);
  }

  function onMessage(content, buffers) {
    heard = performance.now();
    if (content.kind === "state") {
      state = content;
      seen = Math.max(seen, content.n);
      paint();
    } else if (content.kind === "file" && content.view === pulse?.view) {
      download(content, buffers[0]);
    }
  }

  // The figures are beside this view: whether any part of the chart is on a screen is asked of the box around them all.
  function begin() {
    const whole = root.closest(".pw-strip");
    if (!pulse && root.isConnected) {
      pulse = heartbeat(model, whole ?? root, () => ({ seen }));
      post(model, { kind: "hello", view: pulse.view, visible: false });
    }
    const names = rows.map((row) => row.name).join(", ");
    for (const figure of whole?.querySelectorAll(".bqplot.figure:not([role])") ?? []) {
      figure.setAttribute("role", "img");
      figure.setAttribute("aria-label", `${names} over time; the last values stand in the list above`);
    }
  }

  model.on("msg:custom", onMessage);
  model.on("change:lines", paintLines);
  model.on("change:title", paintNames);
  paintLines();
  paintNames();
  paint();
  const laid = new ResizeObserver(begin);
  laid.observe(root);
  const clock = setInterval(() => {
    begin();
    paint();
  }, 1000);
  return () => {
    clearInterval(clock);
    laid.disconnect();
    pulse?.stop();
    model.off("msg:custom", onMessage);
    model.off("change:lines", paintLines);
    model.off("change:title", paintNames);
  };
}

export default { render };
