// "Move a value": a slider over the stops the service gives, its number field, and the answer that
// follows. Without this file the same questions are asked by buttons.

const STEP = 60; // ms between two questions while a slider moves
const STILL = 700; // ms without a change until the outcome is said to who hears the page

const asking = new WeakSet();
let saying = 0;

document.addEventListener("htmx:load", (event) => {
  const { elt } = event.detail;
  for (const panel of panelsIn(elt)) prepare(panel);
  for (const slider of within(elt, ".suppose-range")) begin(slider);
  const said = within(elt, ".supposed-answer")[0];
  if (said) sayLater(said);
});

document.addEventListener("input", ({ target }) => {
  const panel = target.closest?.(".suppose-panel");
  if (!panel) return;
  if (target.matches(".suppose-range")) {
    field(panel).value = stops(target)[target.valueAsNumber];
    told(panel, target);
    ask(panel);
  } else if (target.matches(".suppose-number")) {
    follow(panel);
    ask(panel);
  }
});

document.addEventListener("change", ({ target }) => {
  const panel = target.matches?.(".suppose-unit") && target.closest(".suppose-panel");
  if (!panel) return;
  // In another unit it begins again with the value reported, told in that unit.
  panel.dataset.anew = "";
  panel.querySelector(".supposed").replaceChildren();
  panel.querySelector(".suppose-turns").dispatchEvent(new CustomEvent("corrin:unit"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.(".suppose-number")) return;
  event.preventDefault();
  ask(event.target.closest(".suppose-panel"));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".suppose-panel button[type=button][data-value]");
  if (!button) return;
  const panel = button.closest(".suppose-panel");
  field(panel).value = button.dataset.value;
  follow(panel);
  ask(panel);
});

function prepare(panel) {
  panel.querySelector(".suppose-ask")?.setAttribute("hidden", "");
  panel.querySelector(".suppose-back")?.removeAttribute("hidden");
}

// A slider that has just arrived stands where the field is.
function begin(slider) {
  const panel = slider.closest(".suppose-panel");
  if ("anew" in panel.dataset) {
    delete panel.dataset.anew;
    const back = panel.querySelector(".suppose-back");
    field(panel).value = slider.dataset.start;
    if (back) back.dataset.value = slider.dataset.start;
  }
  slider.closest(".suppose-slide").hidden = false;
  const jumps = panel.querySelector(".suppose-jumps");
  if (jumps) jumps.hidden = false;
  if (!follow(panel)) told(panel, slider);
}

// The slider goes to the stop nearest to what stands in the field.
function follow(panel) {
  const slider = panel.querySelector(".suppose-range");
  const value = figure(field(panel).value);
  if (!slider || Number.isNaN(value)) return false;
  const all = stops(slider).map(Number);
  let nearest = 0;
  all.forEach((one, index) => {
    if (Math.abs(one - value) < Math.abs(all[nearest] - value)) nearest = index;
  });
  slider.value = String(nearest);
  told(panel, slider);
  return true;
}

// About what the service will read: groups of three digits are thousands, another comma is decimal.
function figure(text) {
  const bare = text.replace(/^[<>≤≥=\s]+/, "").replace(/(\d)[\s'’](?=\d{3}(?!\d))/g, "$1");
  if (/^[1-9]\d{0,2}(,\d{3})+(?![\d,])/.test(bare)) return Number.parseFloat(bare.replaceAll(",", ""));
  const dotted = /^\d{1,3}(\.\d{3})+,/.test(bare) ? bare.replaceAll(".", "") : bare;
  return Number.parseFloat(dotted.replace(",", "."));
}

// What the slider says is what stands in the field; before anything does, where the slider stands.
function told(panel, slider) {
  const { unit } = slider.dataset;
  const value = field(panel).value.trim() || stops(slider)[slider.valueAsNumber];
  slider.setAttribute("aria-valuetext", unit ? `${value} ${unit}` : value);
}

// At most one question in a while, and always one about where the value came to rest.
function ask(panel) {
  if (asking.has(panel)) return;
  asking.add(panel);
  setTimeout(() => {
    asking.delete(panel);
    if (!panel.isConnected) return;
    if (!field(panel).value.trim()) {
      panel.querySelector(".supposed").replaceChildren();
      return;
    }
    panel.querySelector(".suppose-asked").dispatchEvent(new CustomEvent("corrin:suppose"));
  }, STEP);
}

function sayLater(answer) {
  clearTimeout(saying);
  saying = setTimeout(() => {
    const place = document.getElementById("supposed-said");
    if (place && answer.isConnected) place.textContent = answer.dataset.says;
  }, STILL);
}

function panelsIn(elt) {
  return within(elt, ".suppose-panel");
}

function within(elt, selector) {
  const found = [...(elt.querySelectorAll?.(selector) ?? [])];
  return elt.matches?.(selector) ? [elt, ...found] : found;
}

function field(panel) {
  return panel.querySelector(".suppose-number");
}

function stops(slider) {
  return slider.dataset.stops.split(" ");
}
