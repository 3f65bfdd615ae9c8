// The page of a draft: saved while somebody types, never more than once a second; leaving asks while something is
// not saved; Preview, test and check look at what is on the page, and so save it first.
"use strict";

{
  const form = document.getElementById("draft");
  const fields = (selector) => document.querySelectorAll(selector);
  let unsaved = false;
  let waiting;
  let afterSave = null;

  const state = () => document.getElementById("draft-state");

  function changed() {
    unsaved = true;
    state().textContent = state().dataset.unsaved;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(save, 1200);
  }

  function save() {
    window.clearTimeout(waiting);
    state().textContent = state().dataset.saving;
    unsaved = false;
    window.htmx.trigger(form, "autosave");
  }

  function ofDraft(element) {
    return element.form === form && element.name;
  }

  if (form) {
    document.addEventListener("input", (event) => { if (ofDraft(event.target)) changed(); });
    document.addEventListener("change", (event) => { if (ofDraft(event.target)) changed(); });
    document.addEventListener("mail:body", changed);

    form.addEventListener("htmx:afterRequest", (event) => {
      if (event.detail.elt !== form) return;
      const saved = event.detail.successful;
      if (!saved) {
        unsaved = true;
        state().textContent = state().dataset.unsaved;
      }
      const next = afterSave;
      afterSave = null;
      if (saved && next) window.htmx.trigger(next, "saved");
    });

    window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

    // What looks at the mail looks at what is saved.
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-after-save]");
      if (!link) return;
      event.preventDefault();
      if (unsaved) {
        afterSave = link;
        save();
      } else {
        window.htmx.trigger(link, "saved");
      }
    });

    document.addEventListener("click", (event) => {
      const goes = event.target.closest("[data-goes-to]");
      if (goes) {
        const places = { sender: "sender", subject: "subject", recipients: "add-recipients", time: "send-at", attachments: "attachment-file" };
        const target = places[goes.dataset.goesTo] ?? (goes.dataset.goesTo === "values" ? "placeholders" : "body-title");
        const element = document.getElementById(target);
        event.preventDefault();
        window.setTimeout(() => {
          (element?.matches("input, select, a, button") ? element : element?.querySelector("input") ?? element)?.focus();
          element?.scrollIntoView({ block: "center" });
        });
      }
      const keeps = event.target.closest("[data-keeps-own]");
      if (keeps) {
        document.getElementById("draft-version").value = keeps.dataset.keepsOwn;
        keeps.closest("dialog").close();
        save();
      }
      if (event.target.closest("[data-takes-theirs]")) unsaved = false;
    });

    // A time that is typed is a wish to send then.
    document.getElementById("send-at").addEventListener("input", () => {
      for (const radio of fields("input[name=when]")) radio.checked = radio.value === "later";
    });
  }
}
