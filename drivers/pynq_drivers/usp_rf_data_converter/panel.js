// The tiles of an RF Data Converter. A tile's elements stay while it changes, so that a key that is being pressed does not go away.

function rfTile(page, facts, cables) {
  const where = { kind: facts.kind, number: facts.number };
  const lock = make("span", { class: "rf-lock" });
  const said = make("div", { class: "rf-said", role: "status" });
  const list = make("dl", {}, make("dt", {}, "clock"), make("dd", {}, facts.clock));
  for (const [name, text] of facts.blocks) list.append(make("dt", {}, name), make("dd", {}, text));
  const key = (text, title, action, more) => {
    const made = make("button", { type: "button", title, "aria-label": `${text}: ${facts.name}` }, text);
    made.addEventListener("click", () => page.ask(action, { ...where, ...more?.() }));
    return made;
  };
  let present = true;
  const cable = cables ? key("Take the clock away", "As if its cable were pulled; only here, on the simulated device", "clock", () => ({ present: !present })) : null;
  const keys = make(
    "div",
    { class: "rf-keys" },
    key("Start", "Starts the tile with the settings that it has", "start"),
    key("Stop", "Stops the tile", "stop"),
    key("Reset", "Starts the tile with the settings of the design", "reset"),
    cable,
  );
  const head = make("div", { class: "rf-head" }, make("span", { class: "rf-name", role: "heading", "aria-level": "4" }, facts.name), make("span", { class: "pw-grow" }), lock);
  const box = make("section", { class: "rf-tile", "aria-label": facts.name }, head, said, list, keys);
  return {
    box,
    paint(stand) {
      box.dataset.runs = stand.known ? (stand.runs ? "yes" : "no") : "";
      lock.dataset.good = stand.known ? (stand.clock && stand.lock !== "PLL not locked" ? "yes" : "no") : "";
      setText(lock, stand.lock);
      setText(said, stand.known ? `${stand.said}${stand.runs ? `, state ${stand.state}` : ""}` : stand.said);
      if (!cable) return;
      present = stand.clock !== false;
      setText(cable, present ? "Take the clock away" : "Give the clock back");
      cable.setAttribute("aria-label", `${cable.textContent}: ${facts.name}`);
    },
  };
}

function draw(root, page) {
  const box = make("div", { class: "rf-tiles" });
  const off = make("div", { class: "rf-off pw-quiet" });
  root.append(box, off);
  let drawn = "";
  let tiles = [];
  page.on((state) => {
    const facts = JSON.stringify([state.tiles, state.cables]);
    if (facts !== drawn) {
      drawn = facts;
      tiles = state.tiles.map((tile) => rfTile(page, tile, state.cables));
      box.replaceChildren(...tiles.map((tile) => tile.box));
    }
    tiles.forEach((tile, at) => tile.paint(state.stand[at]));
    setText(off, state.off ? `Not used in this design: ${state.off}` : "");
  });
}
