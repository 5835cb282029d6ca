// Banks of memory as strips, and who holds what. The kernel has cut everything down to what fits a screen.

function render({ model, el }) {
  const title = make("span", { class: "pw-title" });
  const note = make("span", { class: "pw-quiet" });
  const body = make("div", { class: "pw-mem-body" });
  const root = make("div", { class: "pw pw-mem" }, make("div", { class: "pw-bar" }, title, note), body);
  el.append(root);
  let drawn = "";

  // One maker's buffers, in the strips and in the list, stand out together.
  const mark = (bank, row) => {
    for (const node of bank.querySelectorAll("[data-row]")) node.classList.toggle("pw-mem-marked", row !== null && node.dataset.row === row);
    bank.classList.toggle("pw-mem-marking", row !== null);
  };

  function strip(data, colours) {
    const bar = make("div", { class: "pw-mem-bar", role: "img", "aria-label": `${data.size} from ${data.low}: ${data.pieces.length} stretches are held` });
    for (const piece of data.pieces) {
      const part = make("i", { class: "pw-mem-piece", title: piece.said, "data-row": piece.row });
      part.style.left = `${100 * piece.at}%`;
      part.style.width = `${100 * piece.width}%`;
      part.style.background = `color-mix(in srgb, ${colours[piece.colour]} ${Math.round(30 + 70 * piece.fill)}%, transparent)`;
      bar.append(part);
    }
    const ends = make("div", { class: "pw-mem-ends" }, make("span", {}, data.low), make("span", {}, data.size), make("span", {}, data.high));
    return make("div", { class: "pw-mem-strip" }, bar, ends);
  }

  function holders(rows, colours) {
    const head = make("tr", {});
    for (const [name, kind] of [["", ""], ["What", ""], ["Bytes", "pw-mem-number"], ["Buffers", "pw-mem-number"], ["Address", ""], ["Made at", ""]])
      head.append(make("th", { class: kind, scope: "col" }, name));
    const list = make("tbody", {});
    rows.forEach((row, at) => {
      const dot = make("i", { class: "pw-mem-dot" });
      dot.style.background = colours[row.colour];
      const where = make("td", { class: "pw-mem-mono", title: row.where }, row.where.split(/[\\/]/).pop());
      list.append(
        make(
          "tr",
          { "data-row": at },
          make("td", {}, dot),
          make("td", { class: "pw-mem-what", title: row.what }, row.what),
          make("td", { class: "pw-mem-mono pw-mem-number" }, row.bytes),
          make("td", { class: "pw-mem-mono pw-mem-number" }, row.count.toLocaleString("en")),
          make("td", { class: "pw-mem-mono" }, row.address),
          where,
        ),
      );
    });
    return make("div", { class: "pw-mem-list" }, make("table", {}, make("thead", {}, head), list));
  }

  function draw() {
    const facts = model.get("facts");
    const text = JSON.stringify(facts);
    if (text === drawn || !facts.banks) return;
    drawn = text;
    const colours = model.get("palette");
    setText(title, facts.title);
    setText(note, facts.note);
    const tops = Array.from(body.querySelectorAll(".pw-mem-list"), (list) => list.scrollTop);
    body.replaceChildren(
      ...facts.banks.map((bank) => {
        const head = make("div", { class: "pw-mem-head" }, make("b", {}, bank.name), make("span", { class: "pw-quiet" }, bank.note));
        const node = make("div", { class: "pw-mem-bank" }, head, ...bank.strips.map((data) => strip(data, colours)));
        if (bank.holders.length) node.append(holders(bank.holders, colours));
        node.addEventListener("pointerover", (event) => mark(node, event.target.closest("[data-row]")?.dataset.row ?? null));
        node.addEventListener("pointerleave", () => mark(node, null));
        return node;
      }),
    );
    body.querySelectorAll(".pw-mem-list").forEach((list, at) => (list.scrollTop = tops[at] ?? 0));
  }

  model.on("change:facts", draw);
  draw();
  const beats = heartbeat(model, el);
  return () => {
    beats.stop();
    model.off("change:facts", draw);
  };
}

export default { render };
