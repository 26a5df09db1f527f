// Shows today and a proposal side by side: what goes, what is new and what is different is marked in both pictures by
// colour, line and a word. Rows of the table carry `data-element`; a link there marks and shows the element in both.
(async function () {
  const holders = [...document.querySelectorAll("[data-compare]")];
  if (!holders.length || !window.BpmnJS) return;
  const told = JSON.parse(document.getElementById("proposal-data").textContent);
  const viewers = {};

  const around = (registry, ids) => {
    const boxes = ids.map((id) => registry.get(id)).filter(Boolean).map((element) => {
      if (!element.waypoints) return element;
      const xs = element.waypoints.map((point) => point.x), ys = element.waypoints.map((point) => point.y);
      return { x: Math.min(...xs), y: Math.min(...ys), width: Math.max(...xs) - Math.min(...xs), height: Math.max(...ys) - Math.min(...ys) };
    });
    if (!boxes.length) return null;
    const left = Math.min(...boxes.map((box) => box.x)), top = Math.min(...boxes.map((box) => box.y));
    const right = Math.max(...boxes.map((box) => box.x + box.width)), bottom = Math.max(...boxes.map((box) => box.y + box.height));
    return { x: left - 60, y: top - 60, width: right - left + 120, height: bottom - top + 120 };
  };
  const show = (canvas, box) => {
    if (!box) { canvas.zoom("fit-viewport", "auto"); return; }
    const outer = canvas.viewbox().outer;
    const scale = Math.min(outer.width / box.width, outer.height / box.height, 1);
    const width = outer.width / scale, height = outer.height / scale;
    canvas.viewbox({ x: box.x - (width - box.width) / 2, y: box.y - (height - box.height) / 2, width, height });
  };

  for (const holder of holders) {
    const side = holder.dataset.compare;
    const viewer = new window.BpmnJS({ container: holder });
    const answer = await fetch(holder.dataset.source);
    if (!answer.ok) { holder.dataset.state = "failed"; continue; }
    const { warnings } = await viewer.importXML(await answer.text());
    const canvas = viewer.get("canvas"), registry = viewer.get("elementRegistry"), overlays = viewer.get("overlays");
    for (const [element, kind] of Object.entries(told.marks[side])) {
      const found = registry.get(element);
      if (!found) continue;
      canvas.addMarker(element, `change-${kind}`);
      if (found.waypoints) continue;
      const word = document.createElement("span");
      word.className = `pin change-word change-${kind}`;
      word.textContent = told.words[kind];
      overlays.add(element, { position: { top: -14, left: 0 }, html: word });
    }
    viewers[side] = { canvas, registry, changed: Object.keys(told.marks[side]) };
    const svg = holder.querySelector("svg");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", holder.dataset.label);
    svg.setAttribute("aria-describedby", "unterschiede");
    const zoom = document.querySelector(`[data-zoom="${side}"]`);
    zoom.hidden = false;
    zoom.addEventListener("click", (event) => {
      const by = event.target.dataset.by;
      if (by === "0") canvas.zoom("fit-viewport", "auto");
      else if (by === "change") show(canvas, around(registry, viewers[side].changed));
      else if (by) canvas.zoom(canvas.zoom() * Number(by));
    });
    show(canvas, around(registry, viewers[side].changed));
    holder.dataset.warnings = warnings.length;
    holder.dataset.state = "ready";
  }

  // what changed in one picture is looked at in both, so that the same place stands side by side
  if (viewers.old && viewers.new) {
    const both = [...new Set([...viewers.old.changed, ...viewers.new.changed])];
    for (const { canvas, registry } of Object.values(viewers)) show(canvas, around(registry, both));
  }
  let marked = null;
  for (const link of document.querySelectorAll("[data-mark]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      for (const { canvas, registry } of Object.values(viewers)) {
        if (marked && registry.get(marked)) canvas.removeMarker(marked, "marked");
        if (registry.get(link.dataset.mark)) {
          canvas.addMarker(link.dataset.mark, "marked");
          show(canvas, around(registry, [link.dataset.mark]));
        }
      }
      marked = link.dataset.mark;
      document.querySelectorAll("#unterschiede tr").forEach((row) => row.classList.toggle("selected", row.dataset.element === marked));
      holders[0].scrollIntoView({ block: "nearest" });
    });
  }
})();
