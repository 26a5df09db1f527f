// Shows a form with form-js as its author drew it. People fill in the server's own rendering of the same file.
(async function () {
  const holder = document.querySelector("[data-form]");
  if (!holder || !window.FormViewer) return;
  const answer = await fetch(holder.dataset.form);
  if (!answer.ok) { holder.dataset.state = "failed"; return; }
  const form = new window.FormViewer.Form({ container: holder });
  await form.importSchema(await answer.json(), {});
  form.setProperty("readOnly", true);
  holder.dataset.state = "ready";
})();
