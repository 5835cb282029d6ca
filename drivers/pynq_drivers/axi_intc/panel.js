// The inputs of an interrupt controller, a row each: a lamp, its name, a switch, its count, and a track on which time goes to the left.

const SVG = "http://www.w3.org/2000/svg";

function svgElement(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

function intcRow(page, line, index) {
  const lamp = make("span", { class: "intc-lamp", "aria-hidden": "true" });
  // A long name is broken where its parts end.
  const name = make("span", { class: "intc-name", title: line.name }, ...line.name.split(/(?<=[/_])/).flatMap((part) => [part, make("wbr")]));
  const kind = make("span", { class: "intc-kind pw-quiet" });
  const state = make("span", { class: "pw-sr" });
  const enabled = make("input", { type: "checkbox", "aria-label": `Enable input ${index}, ${line.name}` });
  const count = make("output", { class: "intc-count pw-mono", "aria-label": `Times that input ${index} was taken` }, "0");
  const clear = make("button", { type: "button", class: "intc-do" });
  const track = svgElement("svg", { class: "intc-track", preserveAspectRatio: "none", "aria-hidden": "true" });
  const row = make("div", { class: "intc-row", role: "row" },
    make("span", { class: "intc-index pw-quiet pw-mono", role: "cell" }, String(index)),
    make("span", { class: "intc-what", role: "cell" }, lamp, state, make("span", { class: "intc-words" }, name, " ", kind)),
    make("span", { role: "cell" }, make("label", { class: "intc-enabled", title: "Enabled (IER)" }, enabled)),
    make("span", { class: "intc-tail", role: "cell" }, track),
    make("span", { class: "intc-cell", role: "cell" }, count),
    make("span", { class: "intc-cell", role: "cell" }, clear));
  // A click stands until it is answered: what was read before it must not take it back.
  let asking = 0;
  let known = null;
  enabled.addEventListener("change", async () => {
    asking += 1;
    await page.ask("enable", { line: index, on: enabled.checked });
    asking -= 1;
    showEnabled();
  });
  function showEnabled() {
    if (asking) return;
    enabled.checked = known === true;
    enabled.indeterminate = known === null;
  }
  clear.addEventListener("click", () => page.ask(clear.dataset.action, { line: index }));
  let drawn = "";
  return {
    row,
    paint(all) {
      const bit = (word) => (word === null ? null : Math.floor(word / 2 ** index) % 2 === 1);
      const active = bit(all.active);
      const on = bit(all.enabled);
      const trigger = all.lines[index].software && !active;
      lamp.dataset.state = active === null ? "" : active ? (on ? "pending" : "active") : "idle";
      setText(state, active === null ? "not read" : active ? (on ? "pending" : "active, not enabled") : "idle");
      row.title = state.textContent;
      setText(kind, all.lines[index].kind + (all.lines[index].fast ? ", fast" : ""));
      known = on;
      showEnabled();
      setText(count, String(all.counts[index]));
      clear.dataset.action = trigger ? "trigger" : "acknowledge";
      setText(clear, trigger ? "raise" : "ack");
      clear.title = trigger ? "Raise this software interrupt (ISR)" : "Clear what is latched (IAR); a level that is still there comes back";
      clear.setAttribute("aria-label", `${trigger ? "Raise" : "Acknowledge"} input ${index}`);
      const time = all.timeline;
      const marks = time ? time.marks[index] ?? [] : [];
      const stretches = time ? time.active[index] ?? [] : [];
      const text = JSON.stringify([marks, stretches]);
      if (text === drawn) return;
      drawn = text;
      track.setAttribute("viewBox", `0 0 ${time ? time.steps : 1} 16`);
      track.replaceChildren(
        ...stretches.map(([from, to]) => svgElement("rect", { class: "intc-active", x: from, y: 9, width: Math.max(1, to - from + 1), height: 5 })),
        ...marks.map((at) => svgElement("rect", { class: "intc-mark", x: at, y: 1, width: 1, height: 14 })));
    },
  };
}

function draw(root, page) {
  const listen = make("button", { type: "button", title: "Take inputs, and switch the output on (MER); waiting for an interrupt does it by itself" }, "switch on");
  const state = make("span", { class: "pw-quiet" });
  const about = make("span", { class: "pw-quiet" });
  const clear = make("button", { type: "button", title: "Count anew from 0" }, "clear counts");
  const list = make("div", { class: "intc-list", role: "table", "aria-label": "Inputs" });
  const legend = make("div", { class: "intc-legend pw-quiet" },
    make("span", {}, make("span", { class: "intc-key intc-key-mark", "aria-hidden": "true" }), "taken"),
    make("span", {}, make("span", { class: "intc-key intc-key-active", "aria-hidden": "true" }), "seen active"),
    make("span", {}, "the last 10 s, now at the right"));
  root.append(make("div", { class: "intc-head" }, state, listen, about, make("span", { class: "pw-grow" }), clear), list, legend);
  listen.addEventListener("click", () => page.ask("listen"));
  clear.addEventListener("click", () => page.ask("clear"));
  const head = make("div", { class: "intc-row intc-heads pw-quiet", role: "row" },
    ...["Number", "Input", "On", "Timeline", "Taken", "What to do"].map((text, at) => make("span", { role: "columnheader" }, at % 5 ? text : make("span", { class: "pw-sr" }, text))));
  let drawn = "";
  let rows = [];
  page.on((all) => {
    const names = JSON.stringify(all.lines.map((line) => line.name));
    if (names !== drawn) {
      drawn = names;
      rows = all.lines.map((line, index) => intcRow(page, line, index));
      list.replaceChildren(head, ...rows.map((row) => row.row));
    }
    setText(state, all.listening === null ? "not read" : all.listening ? "Listening: inputs are taken, the output is on" : all.takes ? "The output is off" : "Off until somebody waits for an interrupt");
    listen.hidden = all.listening !== false;
    setText(about, all.about);
    rows.forEach((row) => row.paint(all));
  });
}
