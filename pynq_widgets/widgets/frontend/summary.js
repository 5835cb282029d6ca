// What is known of one module, hierarchy or overlay: a heading, a few facts, and tables that fold.

function render({ model, el }) {
  const root = make("div", { class: "pw pw-summary" });
  keepKeys(root);
  el.append(root);

  function section(data) {
    const rows = data.rows.map((cells) => make("tr", {}, ...cells.map((cell, i) => make(i ? "td" : "th", { scope: i ? null : "row", class: data.mono?.includes(i) ? "pw-mono" : null }, cell))));
    const table = make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...data.columns.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, ...rows),
    );
    const fold = make("details", { open: data.open }, make("summary", {}, data.title, make("span", { class: "pw-quiet" }, ` ${data.rows.length}`)), make("div", { class: "pw-summary-scroll" }, table));
    return fold;
  }

  function draw() {
    const data = model.get("content");
    const badges = (data.badges ?? []).map(([text, kind]) => make("span", { class: "pw-badge", "data-kind": kind }, text));
    const facts = make("dl", {});
    for (const [name, value] of data.facts ?? []) facts.append(make("dt", {}, name), make("dd", {}, value));
    root.replaceChildren(
      make("div", { class: "pw-bar" }, make("span", { class: "pw-title", role: "heading", "aria-level": "3" }, data.title), ...badges, make("span", { class: "pw-quiet pw-mono" }, data.subtitle ?? "")),
      ...(data.problems ?? []).map((text) => make("div", { class: "pw-alert", role: "status" }, text)),
      ...(data.facts?.length ? [facts] : []),
      ...(data.sections ?? []).map(section),
    );
  }

  model.on("change:content", draw);
  draw();
  const pulse = heartbeat(model, root);
  return () => {
    model.off("change:content", draw);
    pulse.stop();
  };
}

export default { render };
