// Shows a BPMN diagram with numbered pins, heat and tokens, and joins it with its text twin: rows of the step table
// carry `data-element`; a click (or Enter) there marks the shape, and a click on a shape marks the row.
// The diagram itself is a picture to assistive technology: the table below it says the same in words.
(async function () {
  const holder = document.querySelector("[data-diagram]");
  if (!holder || !window.BpmnJS) return;
  const extras = JSON.parse(document.getElementById("diagram-data")?.textContent || "{}");
  const viewer = new window.BpmnJS({ container: holder });
  const answer = await fetch(holder.dataset.diagram);
  if (!answer.ok) { holder.dataset.state = "failed"; return; }
  await viewer.importXML(await answer.text());

  const canvas = viewer.get("canvas");
  const overlays = viewer.get("overlays");
  const registry = viewer.get("elementRegistry");
  canvas.zoom("fit-viewport", "auto");

  const badge = (element, text, title, kind, position) => {
    if (!registry.get(element)) return;
    const node = document.createElement("span");
    node.className = `pin ${kind}`;
    node.textContent = text;
    node.title = title;
    overlays.add(element, { position, html: node });
  };
  for (const pin of extras.pins || []) badge(pin.element, pin.number, pin.title, "", { top: -12, right: 12 });
  for (const token of extras.tokens || []) badge(token.element, token.count, token.title, "token", { bottom: 12, left: -8 });
  for (const heat of extras.heat || []) if (registry.get(heat.element)) canvas.addMarker(heat.element, `heat-${heat.level}`);

  const zoom = document.querySelector("[data-zoom]");
  zoom?.addEventListener("click", (event) => {
    const by = Number(event.target.dataset.by);
    if (event.target.dataset.by === "0") canvas.zoom("fit-viewport", "auto");
    else if (by) canvas.zoom(canvas.zoom() * by);
  });
  if (zoom) zoom.hidden = false;

  const svg = holder.querySelector("svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", holder.dataset.label);
  svg.setAttribute("aria-describedby", holder.dataset.twin);

  let marked = null;
  const rows = [...document.querySelectorAll("[data-element]")];
  const mark = (element, scroll) => {
    if (marked && registry.get(marked)) canvas.removeMarker(marked, "marked");
    rows.forEach((row) => row.classList.toggle("selected", row.dataset.element === element));
    marked = element;
    if (!registry.get(element)) return;
    canvas.addMarker(element, "marked");
    if (scroll) holder.scrollIntoView({ block: "nearest" });
  };
  for (const link of document.querySelectorAll("[data-mark]")) {
    link.addEventListener("click", (event) => { event.preventDefault(); mark(link.dataset.mark, true); });
  }
  viewer.get("eventBus").on("element.click", (event) => mark(event.element.id, false));
  holder.dataset.state = "ready";
})();
