// Shows a DMN file with dmn-js; the table rendered by the server stays on the page as its text twin.
(async function () {
  const holder = document.querySelector("[data-dmn]");
  if (!holder || !window.DmnJS) return;
  const answer = await fetch(holder.dataset.dmn);
  if (!answer.ok) { holder.dataset.state = "failed"; return; }
  const viewer = new window.DmnJS({ container: holder });
  await viewer.importXML(await answer.text());
  const view = viewer.getViews().find((one) => one.element.id === holder.dataset.decision && one.type !== "drd");
  if (view) await viewer.open(view);
  holder.dataset.state = "ready";
})();
