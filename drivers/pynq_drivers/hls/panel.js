// A core's form: a row an argument, the buttons, where the core is, what it gave, and the Python that does the same.

/** One argument: its name, its type (which a person may say), and what it is to be. */
function hlsArgument(page, facts) {
  const type = make("input", { class: "hls-type pw-mono", type: "text", spellcheck: "false", autocomplete: "off", "aria-label": `C type of ${facts.name}` });
  type.value = facts.type;
  type.classList.toggle("hls-unsaid", !facts.said);
  type.title = facts.said ? "Its C type; type another to correct it" : "The design tells the width alone: type its C type (float32, int16, const float*, ap_fixed<16,6>, …)";
  let asked = facts.type;
  const say = async () => {
    const said = type.value.trim();
    if (said === asked) return;
    asked = said;
    const { error } = await page.ask("say", { name: facts.name, type: said });
    if (!error) return;
    asked = facts.type;
    type.value = facts.type;
  };
  type.addEventListener("change", say);
  type.addEventListener("keydown", (event) => {
    if (event.key === "Escape") type.value = facts.type;
    if (event.key !== "Enter") return;
    event.preventDefault(); // in a form, it would start the core too
    say();
  });
  const label = `Value of ${facts.name}`;
  let field;
  if (facts.kind === "buffer") field = make("select", { "aria-label": label });
  else if (facts.kind === "bool") field = make("input", { type: "checkbox", "aria-label": label });
  else field = make("input", { class: "pw-mono", type: "text", spellcheck: "false", autocomplete: "off", "aria-label": label });
  if (facts.kind === "array") field.title = "Numbers as in 1, 2, 3, or the name of an array; empty leaves the core's memory as it is";
  let touched = false;
  field.addEventListener("change", () => (touched = true));
  const row = make("div", { class: "hls-row" }, make("span", { class: "hls-name pw-mono" }, facts.python), type, field);

  function paint(stands, buffers) {
    if (facts.kind === "buffer") {
      const names = buffers.map((buffer) => buffer.name);
      const key = JSON.stringify([buffers, stands]);
      if (field.dataset.key !== key) {
        const chosen = touched ? field.value : stands;
        const kept = stands && !names.includes(stands) ? [make("option", { value: stands }, stands)] : [];
        const none = make("option", { value: "" }, names.length ? "choose a buffer" : "no buffer: allocate() one");
        field.replaceChildren(none, ...kept, ...buffers.map((buffer) => make("option", { value: buffer.name }, `${buffer.name} (${buffer.what})`)));
        field.value = names.includes(chosen) || chosen === stands ? chosen : "";
        field.dataset.key = key;
      }
    } else if (facts.kind === "bool") {
      if (!touched) field.checked = stands === "1" || stands === "True";
    } else {
      field.placeholder = stands || (facts.kind === "array" ? "as it is" : "");
    }
  }
  return { row, paint, name: facts.name, field, value: () => (facts.kind === "bool" ? field.checked : field.value) };
}

function draw(root, page) {
  const form = make("form", { class: "hls-form", autocomplete: "off" });
  const start = make("button", { type: "submit", class: "hls-start" }, "Start");
  const repeats = make("input", { type: "checkbox" });
  const again = make("label", { class: "hls-again", title: "auto_restart: the core starts again whenever it is done" }, repeats, "again and again");
  const stop = make("button", { type: "button", title: "Not again after this round" }, "Stop");
  const look = make("button", { type: "button", title: "Ask the core once whether it is done" }, "Look");
  const state = make("span", { class: "hls-state", role: "status" });
  const count = make("span", { class: "pw-quiet hls-count" });
  const bar = make("div", { class: "hls-bar" }, start, again, stop, look, state, count);
  const outputs = make("div", { class: "hls-outputs", "aria-label": "What the core gave" });
  const line = make("code", { class: "hls-line pw-mono", "aria-label": "The same in Python" });
  const still = make("details", { class: "hls-still" }, make("summary", {}, "This core does nothing on the simulated device: how to change that"), make("pre", { class: "pw-mono" }));
  const rows = make("div", { class: "hls-rows" });
  const protocol = make("div", { class: "pw-quiet hls-protocol" });
  form.append(rows, bar);
  root.append(protocol, form, outputs, line, still);
  let drawn = "";
  let parts = [];
  let waiting = false;

  async function wait() {
    if (waiting) return;
    waiting = true;
    const { error } = await page.ask("wait");
    waiting = false;
    if (!error && page.state.state.repeats) wait();
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(parts.map((part) => [part.name, part.value()]));
    const { error } = await page.ask("start", { values, repeats: page.state.starts && repeats.checked });
    if (!error && page.state.starts) wait();
  });
  stop.addEventListener("click", () => page.ask("stop"));
  look.addEventListener("click", () => page.ask("look"));

  page.on((now) => {
    const facts = JSON.stringify(now.arguments);
    if (facts !== drawn) {
      drawn = facts;
      const typed = new Map(parts.map((part) => [part.name, part.field]));
      parts = now.arguments.map((argument) => hlsArgument(page, argument));
      for (const part of parts) {
        const old = typed.get(part.name);
        if (old && old.type === part.field.type && old.type === "text") part.field.value = old.value;
      }
      rows.replaceChildren(...(parts.length ? parts.map((part) => part.row) : [make("div", { class: "pw-quiet" }, "It takes no arguments in registers")]));
    }
    parts.forEach((part) => part.paint(now.stand[part.name] ?? "", now.buffers));
    setText(protocol, now.protocol);
    setText(start, now.starts ? "Start" : "Call");
    const running = now.state.now === "running";
    start.disabled = running;
    again.hidden = !now.starts;
    stop.hidden = !now.state.repeats;
    look.hidden = !running;
    setText(state, now.state.text);
    state.dataset.now = now.state.now;
    setText(count, now.state.ended ? `${now.state.ended} ${now.state.ended === 1 ? "run" : "runs"} done` : "");
    outputs.replaceChildren(...now.outputs.map((output) => make("div", { class: "hls-row" }, make("span", { class: "hls-name pw-mono" }, output.name), make("span", { class: "hls-type pw-mono pw-quiet" }, output.type), make("output", { class: "pw-mono" }, output.value || "–"))));
    outputs.hidden = !now.outputs.length;
    setText(line, now.line);
    line.hidden = !now.line;
    still.hidden = !now.still;
    setText(still.lastChild, now.still);
  });
}
