// Bars of what goes over each bus. All have one scale, which only grows, so that bars can be compared with one another and with before.

function draw(root, page) {
  const said = make("span", { class: "pw-quiet", role: "status" });
  const start = make("button", { type: "button", title: "Counts from 0" }, "Start");
  const stop = make("button", { type: "button", title: "Stops counting" }, "Stop");
  start.addEventListener("click", () => page.ask("start", {}));
  stop.addEventListener("click", () => page.ask("stop", {}));
  const list = make("div", {});
  root.append(make("div", { class: "apm-head" }, start, stop, said), list);
  let drawn = "";
  let rows = [];
  let most = 1;
  page.on((state) => {
    setText(said, state.counts === null ? "not read" : state.counts ? `counts (${state.mode} mode)` : "does not count");
    start.disabled = false;
    stop.disabled = state.counts === false;
    const facts = JSON.stringify(state.slots.map((slot) => [slot.name, slot.kind, slot.rates.map((rate) => rate[0])]));
    if (facts !== drawn) {
      drawn = facts;
      rows = [];
      list.replaceChildren(
        ...state.slots.map((slot) => {
          const box = make("section", { class: "apm-slot", "aria-label": slot.name }, make("div", {}, make("span", { class: "apm-name" }, slot.name), " ", make("span", { class: "pw-quiet" }, slot.kind)));
          rows.push(
            slot.rates.map(([name]) => {
              const fill = make("span", {});
              const bar = make("div", { class: "apm-bar", role: "meter", "aria-label": `${slot.name}, ${name}`, "aria-valuemin": "0" }, fill);
              const rate = make("span", { class: "apm-rate" });
              box.append(make("div", { class: "apm-row" }, make("span", { class: "pw-quiet" }, name), bar, rate));
              return { fill, bar, rate };
            }),
          );
          return box;
        }),
      );
    }
    for (const slot of state.slots) for (const [, [value]] of slot.rates) most = Math.max(most, value ?? 0);
    state.slots.forEach((slot, at) =>
      slot.rates.forEach(([, [value, text]], which) => {
        const row = rows[at][which];
        row.fill.style.width = `${(100 * (value ?? 0)) / most}%`;
        row.bar.setAttribute("aria-valuemax", String(most));
        row.bar.setAttribute("aria-valuenow", String(value ?? 0));
        row.bar.setAttribute("aria-valuetext", text);
        setText(row.rate, text);
      }),
    );
  });
}
