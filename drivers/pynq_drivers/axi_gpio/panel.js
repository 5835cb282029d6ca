// The wires of a GPIO core as what stands at them. Elements stay while their levels change: a button that is held must not go away.

const COLOURS = ["off", "blue", "green", "cyan", "red", "magenta", "yellow", "white"];

/** One part: what shows its level and takes its clicks, its name, and its direction where that can change. */
function gpioPart(page, channel, at) {
  const name = channel.names[at];
  const isSwitch = channel.kind === "switch";
  const light = make("span", { class: "gpio-light", "aria-hidden": "true" });
  const label = make("span", { class: "gpio-name" }, name);
  const key = make("button", { type: "button", class: `gpio-key gpio-${channel.kind}`, role: isSwitch ? "switch" : null }, light, label);
  const colour = make("select", { "aria-label": `Colour of ${name}` }, ...COLOURS.map((text, value) => make("option", { value }, text)));
  const way = make("button", { type: "button", class: "gpio-way" });
  const cell = make("div", { class: "gpio-part" }, key);
  if (channel.kind === "rgbled") cell.append(colour);
  if (channel.direction === "both") cell.append(way);
  let now = { level: null, input: false, pin: null };
  let held = false;

  const ask = (action, more) => page.ask(action, { channel: channel.number, part: at, ...more });
  const momentary = () => channel.kind === "button" && now.input;

  function hold(down) {
    if (down === held || (down && (key.disabled || !momentary()))) return;
    held = down;
    ask("press", { level: down });
  }
  key.addEventListener("pointerdown", (event) => {
    if (!momentary() || event.button !== 0) return;
    key.setPointerCapture(event.pointerId);
    hold(true);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) key.addEventListener(end, () => hold(false));
  key.addEventListener("keydown", (event) => {
    if (momentary() && (event.key === " " || event.key === "Enter")) {
      event.preventDefault();
      if (!event.repeat) hold(true);
    }
  });
  key.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter") hold(false);
  });
  key.addEventListener("click", () => {
    if (momentary()) return;
    if (now.input) ask("press", { level: !(now.pin ?? now.level) });
    else if (channel.kind !== "rgbled") ask("toggle");
  });
  colour.addEventListener("change", () => ask("color", { color: Number(colour.value) }));
  way.addEventListener("click", () => ask("direct", { output: now.input }));

  function paint(levels) {
    const low = at * channel.each;
    // Division, since JavaScript's shifts take the highest of 32 bits for a sign.
    const bits = (word) => (word === null ? null : Math.floor(word / 2 ** low) % 2 ** channel.each);
    now = { level: bits(levels.value), input: levels.inputs === null ? false : bits(levels.inputs) !== 0, pin: bits(levels.pins) };
    const unknown = now.level === null;
    const text = unknown ? "not read" : channel.kind === "rgbled" ? COLOURS[now.level] : String(now.level);
    key.dataset.level = unknown ? "" : now.level;
    key.dataset.way = now.input ? "in" : "out";
    key.setAttribute(isSwitch ? "aria-checked" : "aria-pressed", String(Boolean(now.level)));
    const idle = (now.input && Boolean(channel.shows)) || channel.kind === "rgbled";
    key.disabled = idle;
    key.title = `${name}: ${text}` + (now.input ? (channel.shows ? `, ${channel.shows}` : momentary() ? ", hold to press" : ", click to move it") : channel.kind === "rgbled" ? "" : ", click to switch it");
    if (document.activeElement !== colour && now.level !== null) colour.value = String(now.level);
    colour.disabled = now.input;
    setText(way, now.input ? "in" : "out");
    way.setAttribute("aria-label", `${name} is an ${now.input ? "input: make an output of it" : "output: make an input of it"}`);
    way.title = now.input ? "An input; click to make an output of it" : "An output; click to make an input of it";
  }

  return { cell, paint, end: () => hold(false) };
}

function gpioChannel(page, channel) {
  const parts = channel.names.map((_, at) => gpioPart(page, channel, at));
  const value = make("output", { class: "gpio-value pw-mono", "aria-label": `Value of channel ${channel.number}` });
  const typed = make("input", { type: "text", size: 8, placeholder: "0x…", spellcheck: "false", autocomplete: "off", "aria-label": `Write to channel ${channel.number}`, title: "A number for all the wires; Enter writes it" });
  typed.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter" || !typed.value.trim()) return;
    const { error } = await page.ask("write", { channel: channel.number, text: typed.value });
    if (!error) typed.value = "";
  });
  const directions = { inputs: "inputs", outputs: "outputs", both: "each an input or an output" }[channel.direction];
  const told = [channel.title, directions, channel.told_by && `after the name ${channel.told_by}`].filter(Boolean);
  const head = make(
    "div",
    { class: "gpio-head" },
    make("span", { class: "gpio-title", role: "heading", "aria-level": "4" }, `Channel ${channel.number}`),
    make("span", { class: "pw-quiet" }, told.join(", ")),
    value,
    channel.direction === "inputs" ? null : typed,
  );
  const foot = channel.shows && channel.direction !== "outputs" ? make("div", { class: "gpio-foot pw-quiet" }, `Inputs only show: ${channel.shows}`) : null;
  const box = make("div", { class: "gpio-channel", role: "group", "aria-label": `Channel ${channel.number}` }, head, make("div", { class: "gpio-parts", "data-kind": channel.kind }, ...parts.map((part) => part.cell)), foot);
  return {
    box,
    paint(levels) {
      setText(value, levels.value === null ? "not read" : `0x${levels.value.toString(16).toUpperCase().padStart(channel.digits, "0")}`);
      parts.forEach((part) => part.paint(levels));
    },
    end: () => parts.forEach((part) => part.end()),
  };
}

function draw(root, page) {
  let drawn = "";
  let channels = [];
  page.on((state) => {
    const facts = JSON.stringify(state.channels);
    if (facts !== drawn) {
      drawn = facts;
      channels.forEach((channel) => channel.end());
      channels = state.channels.map((channel) => gpioChannel(page, channel));
      root.replaceChildren(...channels.map((channel) => channel.box));
    }
    channels.forEach((channel, at) => channel.paint(state.levels[at]));
  });
  return () => channels.forEach((channel) => channel.end());
}
