// The counters of a timer as dials, which empty as time goes, and the wave of the PWM. A field that somebody types in is left alone.

const SVG = "http://www.w3.org/2000/svg";

function timerShape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

function engineering(value, unit) {
  if (value === null || value === undefined) return "";
  if (value === 0) return `0 ${unit}`;
  const steps = [["G", 1e9], ["M", 1e6], ["k", 1e3], ["", 1], ["m", 1e-3], ["µ", 1e-6], ["n", 1e-9]];
  const [prefix, size] = steps.find(([, each]) => Math.abs(value) >= each * 0.9995) ?? steps[steps.length - 1];
  return `${Number((value / size).toPrecision(4))} ${prefix}${unit}`;
}

function timerDial(page, name) {
  const ring = timerShape("circle", { class: "timer-ring", cx: 40, cy: 40, r: 32 });
  const arc = timerShape("path", { class: "timer-arc", d: "" });
  const hand = timerShape("line", { class: "timer-hand", x1: 40, y1: 40, x2: 40, y2: 12 });
  const ticks = Array.from({ length: 12 }, (_, at) => timerShape("line", { class: "timer-tick", x1: 40, y1: 0, x2: 40, y2: at % 3 ? 2 : 4, transform: `rotate(${at * 30} 40 40)` }));
  const dial = timerShape("svg", { class: "timer-dial", viewBox: "0 0 80 80", "aria-hidden": "true" });
  dial.append(...ticks, ring, arc, hand);
  const title = make("span", { class: "timer-name", role: "heading", "aria-level": "4" }, name);
  const mode = make("span", { class: "pw-quiet" });
  const lamp = make("span", { class: "timer-lamp", "aria-hidden": "true" });
  const count = make("div", { class: "timer-count pw-mono" });
  const time = make("div", { class: "timer-time" });
  const typed = make("input", { type: "text", size: 7, value: "1 s", spellcheck: "false", autocomplete: "off", "aria-label": `Interval of ${name}`, title: "A time, or how often: 0.5, 20 ms, 2 kHz" });
  const button = (text, about, action, more) => {
    const node = make("button", { type: "button", title: about, "aria-label": `${name}: ${text}` }, text);
    node.addEventListener("click", () => page.ask(action, { counter: name, ...more() }));
    return node;
  };
  const none = () => ({});
  const once = button("once", "One interval", "start", () => ({ mode: "one_shot", time: typed.value }));
  const again = button("periodic", "One interval after the other", "start", () => ({ mode: "periodic", time: typed.value }));
  const capture = button("capture", "Count from 0, and keep the count of each event on the capture pin", "capture", none);
  const stop = button("stop", "Stop where it stands", "stop", none);
  const clear = button("clear", "Take note of the end: the interrupt goes low", "clear", none);
  const number = name === "timer1" ? 1 : 0;
  const event = make("button", { type: "button", title: `Move capturetrig${number} of the simulated device, there and back`, "aria-label": `${name}: event` }, "event");
  event.addEventListener("click", () => page.ask("event", { number }));
  typed.addEventListener("keydown", (key) => {
    if (key.key === "Enter") once.click();
  });
  const box = make("section", { class: "timer-counter", "aria-label": name },
    dial,
    make("div", { class: "timer-facts" },
      make("div", { class: "timer-head" }, title, lamp, mode), time, count,
      make("div", { class: "timer-do" }, typed, once, again),
      make("div", { class: "timer-do" }, capture, event, stop, clear)));
  return {
    box,
    paint(counter, all) {
      const running = Boolean(counter.running);
      box.dataset.state = !counter.read ? "unread" : running ? "running" : "still";
      lamp.dataset.on = String(Boolean(counter.ended));
      lamp.title = counter.ended ? (counter.mode === "capture" ? "An event came" : "It came to its end") : "";
      setText(mode, counter.read ? `${counter.mode}${running ? "" : ", stands still"}${counter.ended && counter.mode !== "PWM" ? ({ capture: ", an event came", periodic: ", an interval has ended" }[counter.mode] ?? ", ended") : ""}` : "not read");
      const known = counter.count !== null && counter.count !== undefined;
      setText(count, known ? `count ${counter.count.toLocaleString("en").replaceAll(",", "\u2009")}, ${counter.bits} bits` : "");
      const whole = counter.whole ?? null;
      const left = counter.left ?? null;
      if (counter.mode === "capture") setText(time, counter.captured === null || counter.captured === undefined ? "no event yet" : `event at ${engineering(counter.captured, "s")}`);
      else if (counter.mode === "PWM") setText(time, whole === null ? "" : `${number ? "pulse" : "period"} ${engineering(whole, "s")}`);
      else setText(time, whole === null ? "" : left === null ? `${engineering(whole, "s")}, ${engineering(1 / whole, "Hz")}` : `${left === 0 ? "0 s" : left < 1 || !running ? engineering(left, "s") : `${left.toFixed(left < 100 ? 1 : 0)} s`} of ${engineering(whole, "s")}`);
      const part = whole !== null && left !== null ? Math.min(1, left / whole) : null;
      const angle = 2 * Math.PI * (part ?? 0);
      const at = (turn, radius) => `${(40 + radius * Math.sin(turn)).toFixed(2)} ${(40 - radius * Math.cos(turn)).toFixed(2)}`;
      arc.setAttribute("d", part === null || part <= 0 ? "" : part >= 0.9999 ? "M 40 8 A 32 32 0 1 1 39.99 8" : `M 40 8 A 32 32 0 ${part > 0.5 ? 1 : 0} 1 ${at(angle, 32)}`);
      hand.setAttribute("transform", `rotate(${((part ?? 0) * 360).toFixed(1)} 40 40)`);
      hand.style.display = part === null ? "none" : "";
      dial.dataset.fast = String(part === null && running && counter.mode !== "capture");
      const reason = all.hand === null ? null : all.hand[number];
      event.hidden = all.hand === null || Boolean(reason) || counter.mode !== "capture";
      stop.disabled = !running;
      clear.disabled = !counter.ended;
      once.disabled = again.disabled = all.frequency === null;
    },
  };
}

function timerWave(page) {
  const line = timerShape("path", { class: "timer-wave-line", d: "" });
  const scene = timerShape("svg", { class: "timer-wave", viewBox: "0 0 300 60", preserveAspectRatio: "none", "aria-hidden": "true" });
  scene.append(line);
  const said = make("output", { class: "pw-quiet", "aria-label": "The wave on pwm0" });
  const period = make("input", { type: "text", size: 8, value: "1 kHz", spellcheck: "false", autocomplete: "off", "aria-label": "Period or frequency of the PWM", title: "2 kHz, 500 us" });
  const duty = make("input", { type: "range", min: 1, max: 99, step: 1, value: 50, "aria-label": "Duty cycle of the PWM in percent" });
  const percent = make("output", { class: "pw-mono" });
  const start = make("button", { type: "button" }, "start");
  const stop = make("button", { type: "button" }, "stop");
  let runs = false;
  let typing = false; // what was typed is not on the hardware yet
  let pending = null;
  let asking = false;
  async function ask() {
    // A slider that is dragged asks for the newest only, one at a time.
    pending = { period: period.value, duty: Number(duty.value) };
    if (asking) return;
    asking = true;
    while (pending) {
      const next = pending;
      pending = null;
      const { error } = await page.ask("pwm", next);
      if (!error && !pending) typing = false;
    }
    asking = false;
  }
  start.addEventListener("click", ask);
  stop.addEventListener("click", () => page.ask("silence"));
  period.addEventListener("input", () => (typing = true));
  period.addEventListener("keydown", (event) => {
    if (event.key === "Enter") ask();
  });
  duty.addEventListener("input", () => {
    setText(percent, `${duty.value} %`);
    if (runs) ask();
  });
  const box = make("section", { class: "timer-pwm", "aria-label": "PWM" },
    make("div", { class: "timer-head" }, make("span", { class: "timer-name", role: "heading", "aria-level": "4" }, "PWM"), said),
    scene,
    make("div", { class: "timer-do" }, make("label", {}, "period ", period), make("label", { class: "timer-duty" }, "high ", duty, percent), start, stop));
  return {
    box,
    paint(all) {
      const wave = all.wave;
      runs = wave !== null;
      setText(said, wave ? `${engineering(1 / wave.period, "Hz")}, ${engineering(wave.period, "s")}; high for ${engineering(wave.high, "s")}, ${Number((100 * wave.duty).toPrecision(4))} %` : "no wave on pwm0");
      if (wave && !asking && document.activeElement !== duty) duty.value = String(Math.round(100 * wave.duty));
      if (wave && !typing && !asking && document.activeElement !== period) period.value = engineering(1 / wave.period, "Hz");
      setText(percent, `${duty.value} %`);
      const high = 120 * (wave ? wave.duty : 0);
      line.setAttribute("d", wave ? `M 0 50${[0, 120, 240].map((x) => ` L ${x} 50 L ${x} 10 L ${Math.min(300, x + high)} 10 L ${Math.min(300, x + high)} 50`).join("")} L 300 50` : "M 0 50 L 300 50");
      setText(start, runs ? "again" : "start");
      start.disabled = all.frequency === null;
      stop.disabled = !runs;
    },
  };
}

function draw(root, page) {
  const clock = make("div", { class: "timer-clock pw-quiet" });
  const dials = make("div", { class: "timer-dials" });
  const wave = timerWave(page);
  const join = make("button", { type: "button" });
  join.addEventListener("click", () => page.ask("join", { on: join.dataset.on !== "true" }));
  root.append(dials, wave.box, make("div", { class: "timer-foot" }, clock, join));
  let drawn = "";
  let counters = [];
  page.on((all) => {
    const names = all.counters.map((counter) => counter.name).join();
    if (names !== drawn) {
      drawn = names;
      counters = all.counters.map((counter) => timerDial(page, counter.name));
      dials.replaceChildren(...counters.map((counter) => counter.box));
    }
    counters.forEach((dial, at) => dial.paint(all.counters[at], all));
    wave.box.hidden = !all.can_pwm || all.joined;
    join.hidden = !all.can_join;
    join.dataset.on = String(all.joined);
    setText(join, all.joined ? "part into two" : "join both (64 bits)");
    join.title = all.joined ? "Two counters of 32 bits again, stopped at 0" : "Both counters as one of 64 bits, stopped at 0";
    wave.paint(all);
    setText(clock, all.frequency === null ? "The design does not say how fast its clock is: set timer.frequency (in Hz)" : `Counts at ${engineering(all.frequency, "Hz")}`);
  });
}
