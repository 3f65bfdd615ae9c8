// Templates: leaving a form asks while something is not saved; the frame of "View content" gets its values by POST.
"use strict";

{
  const form = document.getElementById("template-form");
  let unsaved = false;

  if (form) {
    const changed = (event) => { if (event.target.form === form && event.target.name) unsaved = true; };
    document.addEventListener("input", changed);
    document.addEventListener("change", changed);
    document.addEventListener("mail:body", () => { unsaved = true; });
    form.addEventListener("submit", () => { unsaved = false; });
    document.addEventListener("click", (event) => { if (event.target.closest("[data-gives-up]")) unsaved = false; });
    window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  }

  const show = (root) => { for (const one of root.querySelectorAll("[data-submits-itself]")) one.submit(); };
  document.addEventListener("htmx:afterSettle", (event) => show(event.target.parentElement ?? document));
  show(document);
}
