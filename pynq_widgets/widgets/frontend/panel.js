// What stands around every panel: its title, where the hardware is, how fresh this is, and one line for what went wrong.
// What is inside is drawn by the driver's own module, which follows this one: `function draw(root, page)`.

function render({ model, el }) {
  const PATIENCE = 1500; // ms until the kernel counts as busy
  const title = make("span", { class: "pw-title", role: "heading", "aria-level": "3" });
  const badge = make("span", { class: "pw-badge" });
  const fresh = make("span", { class: "pw-badge pw-panel-fresh" });
  const bar = make("div", { class: "pw-bar" }, title, badge, make("span", { class: "pw-grow" }), fresh);
  const said = make("span", { class: "pw-panel-said", role: "status" });
  const shut = make("button", { type: "button", "aria-label": "Dismiss", title: "Dismiss" }, "×");
  const alert = make("div", { class: "pw-alert pw-panel-alert", hidden: true }, said, shut);
  const body = make("fieldset", { class: "pw-panel-body" });
  const news = make("span", { class: "pw-sr", role: "status" });
  const root = make("div", { class: "pw pw-panel" }, bar, alert, body, news);
  keepKeys(root);
  el.append(root);

  const listeners = new Set();
  const waiting = new Map(); // by tag: what is to be told of the outcome, and when the kernel counts as busy
  let told = { live: false, rate: 0, asked: 0, problem: "", gone: "" };
  let failed = "";
  let broken = "";
  let heard = performance.now();
  let seen = 0;
  let asked = 0;
  let arrived = false;

  const page = {
    /** What the driver's `look()` told last. */
    state: {},
    /** Call `listener(state)` now and after each change; returns what ends that. */
    on(listener) {
      listeners.add(listener);
      if (arrived) hear(listener);
      return () => listeners.delete(listener);
    },
    /** Have the kernel call `do_<action>(**arguments)`. The answer is `{error, result}`; an error stands on the panel already. */
    ask(action, arguments_ = {}) {
      const tag = `${pulse.view}.${(asked += 1)}`;
      return new Promise((resolve) => {
        waiting.set(tag, { resolve, timer: setTimeout(paint, PATIENCE + 10), since: performance.now() });
        if (!post(model, { kind: "do", action, arguments: arguments_, tag, view: pulse.view })) settle(tag, "The kernel has gone: nothing was done", null);
      });
    },
    /** Tell who cannot see the panel. */
    say(text) {
      setText(news, text);
    },
    /** Whether the values are those of now. */
    get live() {
      return told.live && !told.gone;
    },
  };

  function hear(listener) {
    try {
      listener(page.state);
    } catch (error) {
      undrawable(error);
    }
  }

  function undrawable(error) {
    broken = `This panel cannot be drawn: ${error.message}`;
    console.error(error);
    paint();
  }

  function settle(tag, error, result) {
    const asker = waiting.get(tag);
    if (!asker) return;
    clearTimeout(asker.timer);
    waiting.delete(tag);
    failed = error ?? "";
    paint();
    asker.resolve({ error, result });
  }

  function paint() {
    const silent = performance.now() - heard > 4000;
    const slowed = told.live && told.rate < told.asked * 0.95;
    setText(fresh, told.gone ? "gone" : silent ? "no answer" : told.live ? `live, ${told.rate} Hz${slowed ? ` of ${told.asked}` : ""}` : "not read");
    fresh.dataset.kind = told.gone || silent ? "off" : told.live ? "live" : "paused";
    fresh.title = told.gone || (silent ? "The kernel has not answered for some seconds: this may be old" : slowed ? `The bus is slower than the ${told.asked} reads a second that were asked for` : told.live ? "The hardware is read so many times a second" : "Nothing is read");
    fresh.hidden = !told.asked && !told.gone && !silent;
    const busy = [...waiting.values()].some(({ since }) => performance.now() - since > PATIENCE) ? "The kernel is busy: this is done when its cell has ended" : "";
    const text = [told.gone && `Gone: ${told.gone}`, told.problem, broken, failed, busy].filter(Boolean).join(" · ");
    setText(said, text);
    alert.hidden = !text;
    shut.hidden = !failed;
    body.disabled = Boolean(told.gone);
  }

  function paintNames() {
    setText(title, model.get("title"));
    body.setAttribute("aria-label", model.get("title"));
    const [name, kind] = model.get("where");
    setText(badge, name ?? "");
    badge.dataset.kind = kind ?? "";
    badge.hidden = !name;
  }

  function onMessage(content) {
    heard = performance.now();
    if (content.kind === "done") {
      if (content.view === pulse.view) settle(content.tag, content.error, content.result);
    } else if (content.kind === "begun") {
      // It takes its time, and the kernel is not what is waited for.
      if (waiting.has(content.tag)) waiting.get(content.tag).since = Infinity;
      paint();
    } else if (content.kind === "look") {
      seen = Math.max(seen, content.n);
      told = content;
      const changed = Object.keys(content.state).length > 0;
      if (content.whole) page.state = content.state;
      else if (changed) page.state = { ...page.state, ...content.state };
      arrived = arrived || changed;
      if (changed && listeners.size) broken = "";
      paint();
      if (changed) listeners.forEach(hear);
    }
  }

  shut.addEventListener("click", () => {
    failed = "";
    paint();
  });
  const pulse = heartbeat(model, root, () => ({ seen }));
  model.on("msg:custom", onMessage);
  model.on("change:title", paintNames);
  model.on("change:where", paintNames);
  paintNames();
  paint();
  let end = null;
  try {
    end = draw(body, page);
  } catch (error) {
    undrawable(error);
  }
  post(model, { kind: "hello", view: pulse.view, visible: false });
  const clock = setInterval(paint, 1000);
  return () => {
    clearInterval(clock);
    waiting.forEach(({ timer }) => clearTimeout(timer));
    pulse.stop();
    model.off("msg:custom", onMessage);
    model.off("change:title", paintNames);
    model.off("change:where", paintNames);
    if (typeof end === "function") end();
  };
}

export default { render };
