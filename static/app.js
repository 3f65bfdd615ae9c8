// The small behaviours that HTML has no words for. Everything is bound by attributes, on the document, so that what
// htmx brings in later behaves like what was there from the start. All texts come from the page.
"use strict";

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

// ---- Dialogs -----------------------------------------------------------------------------------------------------

let opener = null; // the id of what was pressed before a dialog came up: focus goes back there

function focusBack(fallback = "") {
  const candidates = [opener, fallback, "addresses-title", "main"];
  const id = candidates.find((candidate) => candidate && isFocusable(document.getElementById(candidate)));
  if (id) document.getElementById(id).focus();
}

function isFocusable(element) {
  return element && !element.disabled && element.getClientRects().length > 0;
}

function firstIn(dialog) {
  const wanted = all("[autofocus]", dialog).concat(all("a[href], input:not([type=hidden]), select, textarea, button", dialog));
  return wanted.find(isFocusable) ?? dialog;
}

function openDialogs(root) {
  for (const dialog of all("dialog[open]", root)) {
    if (dialog.matches(":modal")) continue;
    dialog.removeAttribute("open"); // it was open for browsers without scripts, which cannot make it modal
    dialog.addEventListener("close", () => {
      keepVoices();
      stopSending(dialog);
      leave(dialog);
      if (!one("dialog:modal")) focusBack(dialog.dataset.returnsTo);
    });
    dialog.showModal();
  }
}

// The answer to what was asked for in a dialog has news for the page as well, and htmx looks for their place from there.
function leave(dialog) {
  if (one(".htmx-request", dialog)) document.addEventListener("htmx:afterRequest", () => leave(dialog), { once: true });
  else dialog.remove();
}

// Closing the popup ends the upload of a file in it, so that its answer does not bring the popup back.
function stopSending(dialog) {
  for (const sender of all("form.htmx-request, input[type=file].htmx-request", dialog)) {
    if (one("input[type=file]", dialog)?.value) htmx.trigger(sender, "htmx:abort");
  }
}

document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-close]");
  if (close && !asksFirst(close.closest("dialog"))) close.closest("dialog").close();
});

// What somebody has typed is not thrown away without a question.
function asksFirst(dialog) {
  const guard = one("[data-guards]", dialog);
  if (!guard || !guard.hidden) return false;
  const field = one(guard.dataset.guards);
  // What an act has left over was looked at already.
  const isTyped = field.value !== field.defaultValue || "unsaved" in field.dataset;
  if (!isTyped || !field.value.trim()) return false;
  guard.hidden = false;
  one("[data-keep]", guard).focus();
  return true;
}

document.addEventListener("click", (event) => {
  const keep = event.target.closest("[data-keep]");
  if (!keep) return;
  const guard = keep.closest("[data-guards]");
  guard.hidden = true;
  one(guard.dataset.guards).focus();
});

document.addEventListener("keydown", (event) => {
  const dialog = event.key === "Escape" && all("dialog:modal").at(-1);
  if (!dialog || one(".menu:popover-open")) return;
  const guard = one("[data-guards]:not([hidden])", dialog);
  if (guard) one("[data-keep]", guard).click();
  if (guard || asksFirst(dialog)) event.preventDefault();
});

// ---- The pages of a book -------------------------------------------------------------------------------------------

// On a narrow screen the row is longer than the window, and the page one is on may be out of sight.
one(".book-pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// ---- Selecting rows ------------------------------------------------------------------------------------------------

// The ids that are ticked, on whatever page or search: the rows go with the page, what was ticked in them does not.
const picked = new Set();

function pick(box) {
  if (box.checked) picked.add(box.value);
  else picked.delete(box.value);
}

function showSelection() {
  const form = one("[data-selection]");
  const bar = one("#selection-bar");
  if (!form || !bar) return;
  const boxes = all("input[name=address]", form);
  const everything = "everything" in bar.dataset;
  if (everything) picked.clear();
  boxes.forEach((box) => { box.checked = everything || picked.has(box.value); });
  boxes.forEach((box) => {
    box.disabled = everything; // all that the list finds is selected, on every page: single rows say nothing then
    box.closest("tr").classList.toggle("selected", box.checked);
  });
  const count = boxes.filter((box) => box.checked).length;
  const header = one("[data-select-page]");
  header.checked = boxes.length > 0 && count === boxes.length;
  header.indeterminate = count > 0 && count < boxes.length;
  const here = new Set(boxes.map((box) => box.value));
  const elsewhere = [...picked].filter((id) => !here.has(id));
  const field = one("#picked");
  field.value = elsewhere.join(",");
  field.disabled = everything || !elsewhere.length;
  const total = count + elsewhere.length;
  all("[data-needs-selection]", form).forEach((button) => { button.disabled = total === 0; });
  all("[data-only-when-elsewhere]", bar).forEach((button) => { button.hidden = !elsewhere.length; });
  all("[data-only-when-page-selected]", bar).forEach((button) => { button.hidden = count < boxes.length; });
  bar.classList.toggle("active", total > 0);
  const output = one("#selected-count");
  if (!output) return;
  const { none, some, elsewhere: apart } = output.dataset;
  const text = total ? (elsewhere.length ? apart : some) : none;
  output.value = text.replace("{n}", total).replace("{m}", elsewhere.length);
}

// Enter on a tick would press the first button of the form, and that is Delete.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-selection] input")) event.preventDefault();
});

let lastTicked = null;

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("[data-select-page]")) {
    if (one("#selection-bar[data-everything]") && !box.checked) {
      one("#selection-bar button").click();
      return;
    }
    all("[data-selection] input[name=address]").forEach((row) => { row.checked = box.checked; pick(row); });
  }
  if (box.matches("[data-selection] input[name=address], [data-picked]")) pick(box);
  if (box.matches("[data-select-page], [data-selection] input[name=address], [data-picked]")) showSelection();
});

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!box.matches("[data-selection] input[name=address]")) return;
  if (event.shiftKey && lastTicked?.isConnected) {
    const boxes = all("[data-selection] input[name=address]");
    const [from, to] = [boxes.indexOf(lastTicked), boxes.indexOf(box)].sort((a, b) => a - b);
    boxes.slice(from, to + 1).forEach((row) => { row.checked = box.checked; pick(row); });
    showSelection();
  }
  lastTicked = box;
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-clear-selection]")) return;
  picked.clear();
  showSelection();
  focusBack("search");
});

// What an act was done to is not selected any more; where it was refused, it still is.
document.addEventListener("htmx:beforeSwap", (event) => {
  const form = event.detail.requestConfig?.elt;
  if (!form?.matches("[data-ends-selection]") || event.detail.xhr.status !== 200) return;
  if (one("[name=everything]", form)) picked.clear();
  for (const field of all("[name=address], [name=picked]", form)) {
    for (const id of field.value.split(",")) picked.delete(id);
  }
});

// ---- Where one is: Reload, Back and bookmarks come back to it --------------------------------------------------------

// Group, page and size stand in the address; the search may be an address of somebody, and stands in the state of the
// history entry alone.
let isComingBack = false;

function keepPlace() {
  const place = one("#list-place");
  if (!place || isComingBack || window.location.pathname !== place.dataset.screen) return;
  const here = new URLSearchParams();
  for (const { name, value, dataset } of place.elements) if (value && value !== dataset.usual) here.set(name, value);
  const url = window.location.pathname + (here.size ? `?${here}` : "");
  const before = new URLSearchParams(window.location.search);
  const search = one("#list-query").value;
  const turned = before.get("page") !== here.get("page") && before.get("group") === here.get("group");
  const keep = turned && search === (window.history.state?.search ?? "") ? "pushState" : "replaceState";
  window.history[keep]({ ...window.history.state, htmx: true, search }, "", url);
  document.title = one("#results").dataset.title;
  const next = one(".languages input[name=next]");
  if (next) next.value = url;
}

function comeBack() {
  const search = window.history.state?.search;
  const place = one("#list-place");
  if (!search || !place || one("#list-query").value || !one("#search")) return;
  isComingBack = true;
  one("#search").value = search;
  const values = { q: search };
  for (const { name, value } of place.elements) values[name] = value;
  const done = () => { isComingBack = false; keepPlace(); };
  htmx.ajax("POST", place.dataset.screen, { target: "#addresses", swap: "outerHTML", values }).then(done, done);
}

// ---- Menus: one a kind, shared by all rows -------------------------------------------------------------------------

function openMenu(button) {
  const menu = document.getElementById(button.dataset.menu);
  one("[data-menu-value]", menu).value = button.dataset.value;
  opener = button.id;
  button.setAttribute("aria-expanded", "true");
  menu.showPopover();
  const place = button.getBoundingClientRect();
  const left = Math.min(place.right - menu.offsetWidth, window.innerWidth - menu.offsetWidth - 8);
  const below = place.bottom + 4;
  const fits = below + menu.offsetHeight < window.innerHeight;
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${fits ? below : place.top - menu.offsetHeight - 4}px`;
  one("[role=menuitem]", menu).focus();
  menu.addEventListener("toggle", () => button.setAttribute("aria-expanded", "false"), { once: true });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-menu]");
  if (button) openMenu(button);
  const item = event.target.closest("[role=menuitem]");
  if (item) item.closest("[popover]").hidePopover();
});

document.addEventListener("keydown", (event) => {
  const item = event.target.closest?.("[role=menuitem]");
  if (!item) return;
  const items = all("[role=menuitem]", item.closest("[role=menu]"));
  const place = items.indexOf(item);
  const next = { ArrowDown: place + 1, ArrowUp: place - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    items[next % items.length].focus();
  } else if (event.key === "Tab" || event.key === "Escape") {
    event.preventDefault();
    item.closest("[popover]").hidePopover();
    document.getElementById(opener)?.focus();
  }
});

document.addEventListener("scroll", () => one(".menu:popover-open")?.hidePopover(), { capture: true, passive: true });

document.addEventListener("click", (event) => {
  for (const menu of all("details[data-closes][open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details[data-closes][open]");
  if (!menu) return;
  menu.open = false;
  one("summary", menu).focus();
});

// ---- The tree of groups: one stop of Tab, and arrow keys within ------------------------------------------------------

const stops = () => all("#group-list .tree-item").filter((link) => !link.closest("li").hidden);

function setStops() {
  const links = stops();
  const focused = document.activeElement.closest?.("#group-list li");
  const shown = links.find((link) => link.hasAttribute("aria-current"));
  const stop = links.find((link) => link.closest("li") === focused) ?? shown ?? links[0];
  for (const item of all("#group-list :is(.tree-item, .more)")) {
    item.tabIndex = stop && item.closest("li") === stop.closest("li") ? 0 : -1;
  }
}

document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("#group-list li");
  if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
  const links = stops();
  const place = links.indexOf(one(".tree-item", row));
  const wanted = {
    ArrowDown: links[place + 1],
    ArrowUp: links[place - 1],
    Home: links[0],
    End: links.at(-1),
    ArrowRight: one(".more", row),
    ArrowLeft: links[place],
  }[event.key];
  if (!wanted) return;
  event.preventDefault();
  wanted.focus();
  setStops();
});

let isUnfolded = false; // whether the groups are shown on a narrow screen

function showFold() {
  one("#groups")?.classList.toggle("unfolded", isUnfolded);
  one("#fold-groups")?.setAttribute("aria-expanded", String(isUnfolded));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-folds]")) isUnfolded = !isUnfolded;
  else if (event.target.closest("#group-list .tree-item")) isUnfolded = false;
  else return;
  showFold();
});

// ---- Fields ----------------------------------------------------------------------------------------------------

function showFields(root) {
  for (const field of all("dialog [data-filters]", root)) filterList(field);
  for (const field of all("[data-enables]", root)) showEnabled(field);
  for (const box of all("input[data-mixed]", root)) box.indeterminate = true;
}

function filterList(field) {
  const wanted = field.value.trim().toLowerCase().normalize("NFC");
  let shown = 0;
  for (const item of all("li[data-name]", one(field.dataset.filters))) {
    item.hidden = !item.dataset.name.includes(wanted);
    if (!item.hidden) shown += 1;
  }
  one(field.dataset.none).hidden = shown > 0;
  setStops();
}

// What is typed to find a group makes one where none has the name.
function showEnabled(field) {
  const name = field.value.trim().toLowerCase().normalize("NFC");
  const items = field.dataset.filters ? all("li[data-name]", one(field.dataset.filters)) : [];
  const isThere = items.some((item) => item.dataset.name === name);
  one(field.dataset.enables).disabled = !name || isThere;
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.matches("[data-enables]")) showEnabled(field);
  if (field.matches("[data-filters]")) filterList(field);
});

// A field of one line drops the ends of lines, and would join what stands on two.
document.addEventListener("paste", (event) => {
  const field = event.target;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!field.matches?.("#search") || !/[\r\n]./.test(text)) return;
  event.preventDefault();
  field.setRangeText(text.trim().replace(/\s*[\r\n]+\s*/g, ", "), field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// A mixed tick that was touched is a wish: ticked adds to all, unticked takes from those that are in the group.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches("input[data-mixed]")) return;
  const hidden = one("input[type=hidden]", box.closest("li"));
  hidden.name = box.checked ? "mixed" : "cleared";
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = one(button.dataset.copy);
  field.select();
  await navigator.clipboard.writeText(field.value).catch(() => document.execCommand("copy"));
  button.textContent = button.dataset.done;
  say(button.dataset.done);
});

// ---- Files -----------------------------------------------------------------------------------------------------------

document.addEventListener("htmx:beforeRequest", (event) => {
  const field = event.target;
  if (!field.matches("input[type=file]")) return;
  const file = field.files[0];
  if (file && file.size <= Number(field.dataset.limitBytes)) return;
  event.preventDefault(); // too large, or the choice was taken back
  field.value = "";
  if (file) warn(field.dataset.tooLarge);
});

// Whoever fetches a file need not be told of it any more. The browser needs the link until it has followed it.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-fetches]");
  if (!link) return;
  window.setTimeout(() => {
    document.getElementById(link.dataset.fetches)?.remove();
    if (document.activeElement === document.body) focusBack("open-downloads");
  });
});

// The answer to a file takes the place of the popup. What was typed there waits for the next time it opens.
let typed = "";

document.addEventListener("htmx:beforeSwap", () => {
  const text = one("#register-text");
  if (text) typed = one("#register-file")?.value ? text.value : "";
});

function giveBackTyped() {
  const text = one("#register-text");
  if (!text || !typed) return;
  const there = text.value.trim();
  if (there !== typed.trim()) {
    text.value = there ? `${there}\n${typed}` : typed;
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }
  typed = "";
}

// A file goes out when it is chosen or, once that was lost, with OK.
const sendsFile = (element) => element.matches("#register-file, #register-form") && one("#register-file")?.value;

document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = one("#sending");
  if (!bar || !sendsFile(event.target) || !event.detail.lengthComputable) return;
  bar.hidden = false;
  one("#sending-lost").hidden = true;
  bar.value = (100 * event.detail.loaded) / event.detail.total;
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const bar = one("#sending");
    if (!bar || !sendsFile(event.target)) return;
    bar.hidden = true;
    bar.value = 0;
    one("#sending-lost").hidden = false;
  });
}

// A file that is dropped anywhere on the page goes into the popup, which opens for it.
let dropped = null;

function takeDropped() {
  const field = one("#register-file");
  if (!field || !dropped) return;
  field.files = dropped;
  dropped = null;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    const place = one("[data-drop]");
    if (!place && (!one("#open-register") || one("dialog:modal"))) return;
    event.preventDefault(); // the browser would leave the page to show the file
    place?.classList.toggle("dropping", name === "dragover");
    if (name !== "drop" || !event.dataTransfer.files.length) return;
    dropped = event.dataTransfer.files;
    if (place) takeDropped();
    else one("#open-register").click();
  });
}

// ---- What htmx brings ----------------------------------------------------------------------------------------------

// What changes is said once to those who do not see it. Texts that come together are said together: in a live region a
// second text would take the place of the first before anybody has heard it.
let unsaid = [];
let saying;

function say(text) {
  if (!text) return;
  unsaid.push(text);
  one("#announcements").textContent = "";
  topLayer().append(one("#announcements")); // outside of a modal dialog nothing is heard
  window.clearTimeout(saying);
  saying = window.setTimeout(() => { one("#announcements").textContent = unsaid.splice(0).join(" "); }, 100);
}

// What announces itself has a name. It is said when it is new or says something else than before, however often it is
// fetched; a page that opens says nothing, for that is read anyway.
const said = new Map();

function announce({ aloud }) {
  for (const element of all("[data-announces]")) {
    // As it is laid out: a label and the number below it are two words.
    // What is folded away is not laid out, and said all the same.
    const text = element.dataset.says ?? (element.innerText || element.textContent).trim().replace(/\s+/g, " ");
    if (said.get(element.dataset.announces) === text) continue;
    said.set(element.dataset.announces, text);
    if (aloud) say(text);
  }
}

function topLayer() {
  return all("dialog:modal").at(-1) ?? document.body;
}

// The live regions may stand in a dialog that is about to go.
function keepVoices() {
  for (const voice of all("dialog #alert, dialog #announcements")) document.body.append(voice);
}

function warn(text) {
  const alert = one("#alert");
  topLayer().append(alert); // a modal dialog covers everything outside of it
  alert.textContent = text;
  alert.hidden = false;
  window.clearTimeout(warn.timer);
  warn.timer = window.setTimeout(() => { alert.hidden = true; document.body.append(alert); }, 10000);
}

let tree = { scroll: 0, filter: "" };
let unfolded = []; // what was opened stays open when it is shown anew

// The token of this moment, not of when the page was loaded: somebody may have signed in again in another tab. And it
// has no business in a URL.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/)?.[1];
  if (token) event.detail.headers["X-CSRFToken"] = token;
  if (polls(event.detail.elt)) event.detail.headers["X-By-Itself"] = "1"; // keeps no session alive
  delete event.detail.parameters.csrfmiddlewaretoken;
});

// What asks by itself is nobody's click.
const polls = (element) => element.matches("[data-polls]");

let waiting = 0;
let waitingTimer;

function showWorking(difference) {
  waiting = Math.max(0, waiting + difference);
  window.clearTimeout(waitingTimer);
  // What is quick needs no sign; a flicker would only disturb.
  if (waiting) waitingTimer = window.setTimeout(() => document.body.classList.add("working"), 300);
  else document.body.classList.remove("working");
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const element = event.detail.elt;
  const pressed = document.activeElement;
  if (!polls(element) && pressed.id && !pressed.closest("dialog, .menu")) opener = pressed.id;
});

// From when it is really sent to its end, which htmx does not tell the page where the element is gone by then.
document.addEventListener("htmx:beforeSend", (event) => {
  if (polls(event.detail.elt)) return;
  showWorking(1);
  event.detail.xhr.addEventListener("loadend", () => showWorking(-1), { once: true });
});

// The group that was pressed is marked at once; what comes, or a failure, has the last word (`settle`).
document.addEventListener("htmx:beforeRequest", (event) => {
  const pressed = event.detail.elt;
  if (!pressed.matches(".tree-item")) return;
  for (const link of all(".tree-item")) link.removeAttribute("aria-current");
  pressed.setAttribute("aria-current", "true");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  keepVoices();
  unfolded = all("details[id][open]").map((details) => details.id);
  tree = { scroll: one("#group-list")?.scrollTop ?? 0, filter: one("#group-filter")?.value ?? "" };
});

// The line of the sync is asked for again while something moves, the tree is not: so the line says which groups are late.
function showLateGroups() {
  const line = one("#sync-line");
  const badge = one("#late-badge");
  if (!line || !badge) return;
  const late = new Set(line.dataset.late.split(" "));
  for (const item of all("#group-list li[data-group]")) {
    const shown = one(".late", item);
    if (!late.has(item.dataset.group)) shown?.remove();
    else if (!shown) one(".tree-name", item).after(badge.content.firstElementChild.cloneNode(true));
  }
}

// The title of the tab begins with how a mailing stands, for those who look at another tab in the meantime.
let tabMark = "";

function showInTab() {
  const word = all("[data-tab]").map((element) => element.dataset.tab).find(Boolean);
  const title = document.title.startsWith(tabMark) ? document.title.slice(tabMark.length) : document.title;
  tabMark = word ? `${word} · ` : "";
  if (document.title !== tabMark + title) document.title = tabMark + title;
}

// A moment in the zone of the installation is told in the reader's own as well, where that is another one.
function showLocalTimes() {
  for (const element of all("time[data-zone]")) {
    const moment = new Date(element.dateTime);
    const how = { dateStyle: "medium", timeStyle: "short" };
    const told = (more) => moment.toLocaleString(document.documentElement.lang, { ...how, ...more });
    if (told({}) !== told({ timeZone: element.dataset.zone })) element.append(`, ${element.dataset.here.replace("{time}", told({}))}`);
    delete element.dataset.zone; // once
  }
}

function settle() {
  openDialogs(document);
  showLocalTimes();
  showLateGroups();
  showSelection();
  keepPlace();
  setStops();
  showFold();
  showFields(document);
  showInTab();
  const addresses = one("#addresses");
  if (addresses) {
    for (const link of all(".tree-item")) {
      const group = new URL(link.href).searchParams.get("group") ?? "";
      if (group === addresses.dataset.group) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}

document.addEventListener("htmx:afterSettle", (event) => {
  settle();
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  announce({ aloud: true });
  giveBackTyped();
  takeDropped();
  const list = one("#group-list");
  if (list && list.scrollTop !== tree.scroll) list.scrollTop = tree.scroll;
  const filter = one("#group-filter");
  if (filter && filter.value !== tree.filter) {
    filter.value = tree.filter;
    filterList(filter);
  }
  if (event.detail.target?.id === "addresses") say(one(".range")?.textContent.trim() ?? "");
  if (document.activeElement === document.body) {
    const modal = all("dialog:modal").at(-1);
    if (modal) firstIn(modal).focus();
    else focusBack();
  }
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful && event.detail.elt.matches(".tree-item")) settle();
});

function signedOut() {
  const { signIn, signInUrl, signedOut: sentence } = document.body.dataset;
  if (!one("dialog:modal")) {
    window.location.assign(`${signInUrl}?next=${encodeURIComponent(window.location.pathname)}`);
    return;
  }
  warn(`${sentence} `); // what was typed in the dialog must stay
  const link = document.createElement("a");
  link.href = signInUrl;
  link.target = "_blank";
  link.textContent = signIn;
  one("#alert").append(link);
}

// ---- Progress that survives a lost answer ---------------------------------------------------------------------------

// htmx asks again only after an answer. Where none comes (a sleeping laptop, a restart of the server), the element is
// asked for again from here, less and less often, and says how old its numbers are.
const RETRY_SECONDS = [2, 4, 8, 15, 30];
let lost = { since: null, tries: 0, timer: undefined };

function pollFailed(element) {
  if (!element.isConnected) return;
  lost.since ??= new Date();
  const time = lost.since.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  if (!one(".stale", element)) {
    const note = document.createElement("p");
    note.className = "stale";
    note.setAttribute("role", "status");
    note.textContent = document.body.dataset.stale.replace("{time}", time);
    element.append(note);
  }
  element.dataset.failed = "";
  window.clearTimeout(lost.timer);
  lost.timer = window.setTimeout(pollAgain, 1000 * RETRY_SECONDS[Math.min(lost.tries, RETRY_SECONDS.length - 1)]);
  lost.tries += 1;
}

function pollAgain() {
  window.clearTimeout(lost.timer);
  for (const element of all("[data-failed]")) {
    const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
    const again = element.cloneNode(true); // htmx takes it for new, and begins to ask
    delete again.dataset.failed;
    element.replaceWith(again);
    htmx.process(again);
    if (focused) document.getElementById(focused)?.focus();
  }
}

window.addEventListener("online", pollAgain);
document.addEventListener("visibilitychange", () => { if (!document.hidden) pollAgain(); });

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && polls(event.detail.elt)) lost = { since: null, tries: 0, timer: undefined };
});

document.addEventListener("htmx:responseError", (event) => {
  const answer = event.detail.xhr;
  if (answer.status === 401) {
    signedOut();
    return;
  }
  if (polls(event.detail.elt) && (answer.status >= 500 || answer.status === 429)) {
    pollFailed(event.detail.elt);
    return;
  }
  const plain = answer.getResponseHeader("Content-Type")?.startsWith("text/plain");
  warn(plain ? answer.responseText : document.body.dataset.failed);
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (polls(event.detail.elt)) pollFailed(event.detail.elt);
    else warn(document.body.dataset.offline);
  });
}

// ---- The code of an invitation, which stands after the # of its link so that it is sent to nobody but by this form ----

function sendFragment() {
  const form = one("form[data-from-fragment]");
  const code = window.location.hash.slice(1);
  if (!form || code.length < 32) return; // such as the #main of the skip link
  window.history.replaceState(null, "", window.location.pathname);
  one("input[name=code]", form).value = code;
  form.requestSubmit();
}

document.addEventListener("DOMContentLoaded", sendFragment);
window.addEventListener("hashchange", sendFragment); // the link was opened in the tab that shows this page already

document.addEventListener("DOMContentLoaded", () => {
  comeBack();
  settle();
  announce({ aloud: false });
});
