// A pattern is chosen and shown: the picture is taken through the VDMA, when somebody asks for it.

function draw(root, page) {
  const choice = make("select", { "aria-label": "Pattern" });
  const width = make("input", { type: "number", min: "1", max: "8192", value: "640", "aria-label": "Pixels of a line", title: "Pixels of a line" });
  const height = make("input", { type: "number", min: "1", max: "8192", value: "360", "aria-label": "Lines", title: "Lines" });
  const show = make("button", { type: "button", title: "Starts the pattern, and takes a picture of it through the VDMA" }, "Show");
  const said = make("span", { class: "pw-quiet", role: "status" });
  const picture = make("img", { class: "tpg-picture", alt: "" });
  root.append(make("div", { class: "tpg-head" }, choice, width, "×", height, show, said), picture);
  let known = "";
  show.addEventListener("click", () => page.ask("show", { pattern: choice.value, width: Number(width.value), height: Number(height.value) }));
  page.on((state) => {
    const names = state.patterns.join("|");
    if (names !== known) {
      known = names;
      choice.replaceChildren(...state.patterns.map((name) => make("option", { value: name }, name)));
      if (state.pattern) choice.value = state.pattern;
    }
    show.disabled = !state.vdma;
    setText(said, state.vdma ? `through ${state.vdma}` : "its stream leads to no AXI VDMA, so there is no picture to take");
    picture.hidden = !state.picture;
    if (state.picture && picture.src !== state.picture) {
      picture.src = state.picture;
      picture.alt = state.taken;
      picture.title = state.taken;
    }
  });
}
