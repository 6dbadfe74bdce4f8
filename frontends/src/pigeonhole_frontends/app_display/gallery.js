// A block of lazy thumbnails that can be selected; every text is set as text, never as markup.
function figure(item, chosen, onToggle) {
  const label = document.createElement("label");
  label.className = "item";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = chosen;
  box.onchange = () => onToggle(item.id, box.checked);
  const image = document.createElement("img");
  image.loading = "lazy";
  image.decoding = "async";
  image.src = item.src;
  image.alt = item.alt;
  const caption = document.createElement("span");
  caption.className = "caption";
  caption.textContent = item.caption;
  label.append(box, image, caption);
  for (const mark of item.marks) {
    const badge = document.createElement("span");
    badge.className = "mark";
    badge.textContent = mark;
    label.append(badge);
  }
  return label;
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".gallery");
  const shown = JSON.stringify(data);
  if (root.dataset.shown === shown) return;
  root.dataset.shown = shown;
  const known = new Set(data.items.map((item) => item.id));
  const selected = new Set((root.selectedIds || []).filter((id) => known.has(id)));
  root.selectedIds = [...selected];
  const toggle = (id, on) => {
    on ? selected.add(id) : selected.delete(id);
    root.selectedIds = [...selected];
    setStateValue("selected", root.selectedIds);
  };
  root.setAttribute("aria-label", data.label);
  root.replaceChildren(...data.items.map((item) => figure(item, selected.has(item.id), toggle)));
}
