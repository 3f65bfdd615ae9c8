// The simple editor of a mail's body. The form's field is the text area of the HTML editor; this one mirrors it, and
// writes it only when somebody has changed something here.
"use strict";

{
  const { commands, history, inputrules, keymap, schemaList, state: pmState, view: pmView } = window.PM;
  const { schema, parse, serialise, keeps, hideStyles, clipboardParser, isName, isLink, isPicture } = window.MailSchema;
  const { nodes, marks } = schema;

  const byId = (id) => document.getElementById(id);
  const field = byId("body");
  let view = null;
  let labels = {};

  // ---- Commands

  const isIn = (state, type) => {
    const { $from } = state.selection;
    for (let depth = $from.depth; depth > 0; depth -= 1) if ($from.node(depth).type === type) return true;
    return false;
  };

  const isMarked = (state, type) => {
    const { from, $from, to, empty } = state.selection;
    return empty ? Boolean(type.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, type);
  };

  const toggleList = (type) => (state, dispatch) => (isIn(state, type)
    ? schemaList.liftListItem(nodes.list_item)(state, dispatch)
    : schemaList.wrapInList(type)(state, dispatch));

  const align = (value) => (state, dispatch) => {
    const { tr } = state;
    let found = false;
    state.doc.nodesBetween(state.selection.from, state.selection.to, (node, position) => {
      if (!("align" in node.attrs)) return;
      found = true;
      tr.setNodeMarkup(position, null, { ...node.attrs, align: value });
    });
    if (found) dispatch?.(tr);
    return found;
  };

  const setMark = (type, attrs) => (state, dispatch) => {
    const { from, to, empty } = state.selection;
    const { tr } = state;
    if (empty) {
      if (attrs) tr.addStoredMark(type.create(attrs));
      else tr.removeStoredMark(type);
    } else {
      tr.removeMark(from, to, type);
      if (attrs) tr.addMark(from, to, type.create(attrs));
    }
    dispatch?.(tr);
    return true;
  };

  const insert = (node) => (state, dispatch) => {
    dispatch?.(state.tr.replaceSelectionWith(node, node.isInline).scrollIntoView());
    return true;
  };

  function run(command) {
    command(view.state, view.dispatch.bind(view));
    view.focus();
  }

  // ---- The view

  function plugins() {
    const keys = {
      "Mod-z": history.undo, "Shift-Mod-z": history.redo, "Mod-y": history.redo,
      "Mod-b": commands.toggleMark(marks.strong), "Mod-i": commands.toggleMark(marks.em),
      "Mod-u": commands.toggleMark(marks.underline), "Mod-k": () => { askLink(); return true; },
      Enter: schemaList.splitListItem(nodes.list_item),
      "Shift-Enter": insert(nodes.line_break.create()),
      "Mod-]": schemaList.sinkListItem(nodes.list_item), "Mod-[": schemaList.liftListItem(nodes.list_item),
      "Alt-F10": () => { byId("toolbar").querySelector("[tabindex='0']").focus(); return true; },
    };
    const closing = new inputrules.InputRule(/\$\{([\p{L}\p{N}_]{1,50})\}$/u, (state, match, from, to) =>
      state.tr.replaceWith(from, to, nodes.placeholder.create({ name: match[1] })));
    return [
      inputrules.inputRules({ rules: [closing] }),
      keymap.keymap(keys), keymap.keymap(commands.baseKeymap), history.history(),
      window.PM.dropcursor.dropCursor(), window.PM.gapcursor.gapCursor(), window.PM.imeSpan,
    ];
  }

  const newState = (html) => pmState.EditorState.create({ doc: parse(html), plugins: plugins() });

  function open() {
    const place = byId("simple-body");
    view = new pmView.EditorView(place, {
      state: newState(field.value),
      clipboardParser,
      transformPastedHTML: hideStyles,
      clipboardTextSerializer: (slice) => slice.content.textBetween(0, slice.content.size, "\n\n", (node) => node.type.spec.leafText?.(node) ?? ""),
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": place.dataset.label, id: "simple-field" },
      dispatchTransaction(transaction) {
        view.updateState(view.state.apply(transaction));
        if (transaction.docChanged) {
          field.value = serialise(view.state.doc);
          document.dispatchEvent(new CustomEvent("mail:body"));
        }
        showState();
      },
    });
    showState();
  }

  // ---- The toolbar: one tab stop, arrows within

  let items = [];

  function makeToolbar() {
    const bar = byId("toolbar");
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", labels.toolbar);
    bar.setAttribute("aria-controls", "simple-field");
    const mark = (name, text, type) => ({ name, text, active: () => isMarked(view.state, type), run: () => run(commands.toggleMark(type)) });
    const list = (name, text, type) => ({ name, text, active: () => isIn(view.state, type), run: () => run(toggleList(type)) });
    items = [
      mark("bold", "B", marks.strong), mark("italic", "I", marks.em), mark("underline", "U", marks.underline),
      list("bullets", "•", nodes.bullet_list), list("numbers", "1.", nodes.ordered_list),
      { name: "left", text: "⇤", run: () => run(align(null)) },
      { name: "center", text: "↔", run: () => run(align("center")) },
      { name: "right", text: "⇥", run: () => run(align("right")) },
      { name: "color", run: () => askColor() },
      { name: "link", active: () => isMarked(view.state, marks.link), run: () => askLink() },
      { name: "picture", run: () => askPicture() },
      { name: "button", run: () => askButton() },
      { name: "placeholder", run: () => askPlaceholder() },
      { name: "undo", text: "↶", run: () => run(history.undo) },
      { name: "redo", text: "↷", run: () => run(history.redo) },
    ];
    const style = document.createElement("select");
    style.setAttribute("aria-label", labels.style);
    for (const name of ["paragraph", "heading1", "heading2", "heading3"]) style.append(new Option(labels[name], name));
    style.addEventListener("change", () => {
      const level = Number(style.value.slice(-1));
      run(level ? commands.setBlockType(nodes.heading, { level }) : commands.setBlockType(nodes.paragraph));
    });
    items.unshift({ name: "style", element: style });
    for (const [place, item] of items.entries()) {
      item.element ??= Object.assign(document.createElement("button"), { type: "button", textContent: item.text ?? labels[item.name] });
      if (item.text) {
        item.element.setAttribute("aria-label", labels[item.name]);
        item.element.title = labels[item.name];
      }
      item.element.tabIndex = place ? -1 : 0;
      if (item.run) {
        item.element.addEventListener("mousedown", (event) => event.preventDefault()); // the selection stays
        item.element.addEventListener("click", item.run);
      }
      bar.append(item.element);
    }
    bar.addEventListener("keydown", moveInToolbar);
  }

  function moveInToolbar(event) {
    const elements = items.map((item) => item.element);
    const here = elements.indexOf(document.activeElement);
    const last = elements.length - 1;
    const next = { ArrowRight: here === last ? 0 : here + 1, ArrowLeft: here ? here - 1 : last, Home: 0, End: last }[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      view.focus();
    } else if (next !== undefined && !(event.target.matches("select") && event.key.startsWith("Arrow") === false)) {
      event.preventDefault();
      elements[here].tabIndex = -1;
      elements[next].tabIndex = 0;
      elements[next].focus();
    }
  }

  function showState() {
    for (const item of items) if (item.active) item.element.setAttribute("aria-pressed", String(item.active()));
    const { $from } = view.state.selection;
    const level = $from.parent.type === nodes.heading ? $from.parent.attrs.level : 0;
    if (items.length) items[0].element.value = level ? `heading${level}` : "paragraph";
  }

  // ---- Questions, in a dialog

  function ask(title, questions, done, remove = null) {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog small-dialog";
    const form = Object.assign(document.createElement("form"), { method: "dialog", className: "editor-dialog" });
    const heading = Object.assign(document.createElement("h2"), { textContent: title, id: "editor-question" });
    dialog.setAttribute("aria-labelledby", "editor-question");
    const problem = Object.assign(document.createElement("p"), { className: "problem", hidden: true });
    problem.setAttribute("role", "alert");
    const inputs = questions.map((question) => {
      const place = Object.assign(document.createElement("div"), { className: "field" });
      const label = Object.assign(document.createElement("label"), { textContent: question.label, htmlFor: `ask-${question.name}` });
      const input = Object.assign(document.createElement("input"), {
        id: `ask-${question.name}`, name: question.name, type: question.type ?? "text", value: question.value ?? "", autocomplete: "off",
      });
      if (question.options) {
        const options = Object.assign(document.createElement("datalist"), { id: `options-${question.name}` });
        options.append(...question.options.map((option) => new Option(option, option)));
        input.setAttribute("list", options.id);
        place.append(options);
      }
      place.append(label, input);
      return [question, input, place];
    });
    const actions = Object.assign(document.createElement("div"), { className: "dialog-actions" });
    const button = (text, className, pressed) => {
      const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, className });
      made.addEventListener("click", pressed);
      return made;
    };
    const close = () => { dialog.close(); };
    const submit = () => {
      for (const [question, input] of inputs) {
        const wrong = question.test && !question.test(input.value.trim());
        input.setAttribute("aria-invalid", String(Boolean(wrong)));
        if (wrong) {
          problem.textContent = question.problem;
          problem.hidden = false;
          input.focus();
          return;
        }
      }
      close();
      done(Object.fromEntries(inputs.map(([question, input]) => [question.name, input.value.trim()])));
    };
    actions.append(button(labels.insert, "primary", submit));
    if (remove) actions.append(button(labels.remove, "", () => { close(); remove(); }));
    actions.append(button(labels.cancel, "", close));
    form.append(heading, ...inputs.map(([, , place]) => place), problem, actions);
    form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && event.target.matches("input")) { event.preventDefault(); submit(); }
    });
    dialog.append(form);
    dialog.addEventListener("close", () => { dialog.remove(); view.focus(); });
    document.body.append(dialog);
    dialog.showModal();
  }

  const address = (test, problem, value = "https://") => ({ name: "address", label: labels.address, value, test, problem });

  function askLink() {
    const mark = view.state.selection.$from.marks().find((one) => one.type === marks.link);
    ask(labels.link, [address(isLink, labels.bad_address, mark?.attrs.href)], (given) => {
      if (!view.state.selection.empty) run(setMark(marks.link, { href: given.address }));
      else run(insert(schema.text(given.address, [marks.link.create({ href: given.address })])));
    }, mark ? () => run(setMark(marks.link, null)) : null);
  }

  function askPicture() {
    const width = { name: "width", label: labels.width, test: (value) => /^\d{0,4}$/.test(value), problem: labels.width };
    const alt = { name: "alt", label: labels.alternative };
    ask(labels.picture, [address(isPicture, labels.bad_picture), alt, width], (given) =>
      run(insert(nodes.picture.create({ src: given.address, alt: given.alt, width: Number(given.width) || null }))));
  }

  function askButton() {
    ask(labels.button, [{ name: "label", label: labels.label, test: Boolean, problem: labels.label }, address(isLink, labels.bad_address)], (given) =>
      run(insert(nodes.button.create({ href: given.address, label: given.label, align: "center" }))));
  }

  function askColor() {
    ask(labels.color, [{ name: "color", label: labels.color, type: "color", value: "#b3261e" }], (given) =>
      run(setMark(marks.color, { color: given.color })), () => run(setMark(marks.color, null)));
  }

  function askPlaceholder() {
    const known = [...document.querySelectorAll("#placeholders [name^='value-']")].map((input) => input.name.slice(6));
    ask(labels.placeholder, [{ name: "name", label: labels.name, options: known, test: isName, problem: labels.bad_name }], (given) =>
      run(insert(nodes.placeholder.create({ name: given.name }))));
  }

  // ---- Which of the two editors

  function show(name) {
    for (const tab of document.querySelectorAll("[data-editor]")) {
      const chosen = tab.dataset.editor === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !chosen;
    }
    byId("editor").value = name;
  }

  function toSimple() {
    if (view) view.updateState(newState(field.value));
    else open();
    show("simple");
  }

  function choose(name) {
    byId("editor-note").hidden = true;
    if (name === "html") show("html");
    else if (!field.value.trim() || keeps(field.value)) toSimple();
    else {
      show("html");
      byId("editor-note").hidden = false; // a person decides whether something may be lost
    }
  }

  if (field && byId("toolbar")) {
    labels = JSON.parse(byId("toolbar").dataset.labels);
    makeToolbar();
    const wanted = byId("editor").value;
    choose(wanted);
    for (const tab of document.querySelectorAll("[data-editor]")) {
      tab.addEventListener("click", () => {
        const before = byId("editor").value;
        choose(tab.dataset.editor);
        if (byId("editor").value !== before) document.dispatchEvent(new CustomEvent("mail:body"));
      });
      tab.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const other = document.querySelector(`[data-editor]:not(#${tab.id})`);
        other.focus();
        other.click();
      });
    }
    byId("convert-body").addEventListener("click", () => {
      byId("editor-note").hidden = true;
      toSimple();
      field.value = serialise(view.state.doc);
      document.dispatchEvent(new CustomEvent("mail:body"));
    });
  }
}
