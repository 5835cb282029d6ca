// A terminal: what was said on the line, and a field to say something.

function draw(root, page) {
  const setting = make("span", { class: "uart-setting pw-mono" });
  const errors = make("span", { class: "uart-errors" });
  const waiting = make("span", { class: "pw-quiet" });
  const clear = make("button", { type: "button", title: "Empty the screen; characters that wait to be read stay" }, "clear");
  const screen = make("div", { class: "uart-screen pw-mono", role: "log", tabindex: "0", "aria-label": "What was said on the line", "aria-live": "off" });
  const field = make("input", { type: "text", class: "uart-field pw-mono", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  const end = make("select", { class: "uart-end", "aria-label": "End of line", title: "What is sent behind the line" },
    ...["CR LF", "LF", "CR", "nothing"].map((name) => make("option", { value: name }, name)));
  const send = make("button", { type: "submit" }, "send");
  const form = make("form", { class: "uart-form" }, field, end, send);
  const legend = make("div", { class: "uart-legend pw-quiet" });
  root.append(make("div", { class: "uart-head" }, setting, errors, waiting, make("span", { class: "pw-grow" }), clear), screen, form, legend);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = field.value;
    if (!text && end.value === "nothing") return;
    field.value = "";
    const { error } = await page.ask("type", { text, end: end.value });
    if (error && !field.value) field.value = text;
  });
  clear.addEventListener("click", () => page.ask("clear"));

  let drawn = "";
  return page.on((all) => {
    setText(setting, all.setting);
    setText(errors, all.errors);
    errors.hidden = !all.errors;
    setText(waiting, all.waiting ? `${all.waiting} on their way` : "");
    const label = all.other_end ? "Type as the other end" : "Send by the driver";
    field.placeholder = label;
    field.setAttribute("aria-label", label);
    legend.replaceChildren(
      make("span", { class: "uart-key", "data-who": "core" }), "the core sends",
      make("span", { class: "uart-key", "data-who": "other" }), all.other_end ? "the other end types" : "the core receives; the other end is at its cable");
    const text = JSON.stringify(all.pieces);
    if (text === drawn) return;
    drawn = text;
    const atEnd = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 8;
    screen.replaceChildren(...all.pieces.map(([who, said]) => make("span", { "data-who": who }, said)));
    if (!all.pieces.length) screen.append(make("span", { class: "pw-quiet" }, "Nothing was said yet"));
    if (atEnd) screen.scrollTop = screen.scrollHeight;
  });
}
