// Controls made of what the kernel says of each setting: {name, kind, label, help, value, options, low, high, none, wide}.

/** `changed(name, value)` is called when a person has chosen; `update(specs, force)` shows what holds, but for what is being typed. */
function controlForm(changed, className = "") {
  const el = make("span", { class: `pw-buf-form ${className}` });
  let known = "";
  let inputs = new Map();

  function build(specs) {
    const focused = [...inputs].find(([, input]) => input === document.activeElement)?.[0];
    inputs = new Map();
    el.replaceChildren(
      ...specs.map((spec) => {
        const input = field(spec);
        inputs.set(spec.name, input);
        const name = make("span", { class: "pw-buf-name" }, spec.label);
        return make("label", { class: `pw-buf-field pw-buf-${spec.kind}`, title: spec.help }, ...(spec.kind === "flag" ? [input, name] : [name, input]));
      }),
    );
    inputs.get(focused)?.focus();
  }

  function field(spec) {
    if (spec.kind === "choice") {
      const options = spec.options.map((option) => {
        const [value, text, why] = Array.isArray(option) ? option : [option, option, ""];
        return make("option", { value, disabled: Boolean(why), title: why || null }, text);
      });
      const select = make("select", { name: spec.name, "aria-label": spec.title ?? spec.label }, ...options);
      select.addEventListener("change", () => changed(spec.name, select.value));
      return select;
    }
    if (spec.kind === "flag") {
      const box = make("input", { type: "checkbox", name: spec.name });
      box.addEventListener("change", () => changed(spec.name, box.checked));
      return box;
    }
    const number = spec.kind === "number";
    // A text field, also for numbers: what is wrong in it is for the kernel to say, in words.
    const text = make("input", { type: "text", name: spec.name, class: spec.wide ? "pw-buf-wide" : null, inputmode: number ? "decimal" : null, placeholder: spec.none || null, "aria-label": spec.title ?? spec.label, spellcheck: "false", autocomplete: "off" });
    text.addEventListener("change", () => changed(spec.name, text.value));
    text.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!number || !spec.whole || !by || !/^-?\d+$/.test(text.value)) return;
      const next = Math.min(Math.max(Number(text.value) + by, spec.low), spec.high);
      text.value = String(next);
      changed(spec.name, text.value);
      event.preventDefault();
    });
    return text;
  }

  return {
    el,
    update(specs, force = false) {
      const shape = JSON.stringify(specs.map(({ value, ...rest }) => rest));
      if (shape !== known) {
        known = shape;
        build(specs);
        force = true;
      }
      for (const spec of specs) {
        const input = inputs.get(spec.name);
        if (!force && input === document.activeElement && spec.kind !== "choice") continue;
        if (spec.kind === "flag") input.checked = spec.value === true;
        else if (input.value !== String(spec.value)) input.value = String(spec.value);
      }
    },
  };
}
