// The form, made quicker: units remembered, arrow keys, a file dropped, marks beside fields.
// Nothing is kept but the unit last chosen of each test, under corrin.units.

const UNITS = "corrin.units";
const form = document.getElementById("entry");

// --- Units: of a menu only, which holds nothing but what the service itself wrote there.

function remembered() {
  try {
    const found = JSON.parse(localStorage.getItem(UNITS) ?? "{}");
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {};
  }
}

function offered(menu, unit) {
  return [...menu.options].find((one) => one.value === unit && one.value && !("other" in one.dataset));
}

function recall(root) {
  const units = remembered();
  for (const menu of root.querySelectorAll("select[data-units]")) {
    const unit = units[menu.dataset.units];
    if (menu.value || typeof unit !== "string" || !offered(menu, unit)) continue;
    menu.value = unit;
    menu.dataset.recalled = "";
  }
}

// A unit nobody chose for this value is told as such, after what the service says of the row.
function tellRecalled(place) {
  const menu = place.closest?.(".row")?.querySelector("select[data-recalled]");
  if (!menu || !place.querySelector("span") || place.querySelector(".recalled")) return;
  const told = document.createElement("span");
  told.className = "recalled";
  told.textContent = "The unit is the one last used here: hold it against the report.";
  place.append(told);
}

function remember(menu) {
  delete menu.dataset.recalled;
  if (!offered(menu, menu.value)) return;
  const units = remembered();
  units[menu.dataset.units] = menu.value;
  try {
    localStorage.setItem(UNITS, JSON.stringify(units));
  } catch {
    // A browser that lets no page keep anything: the menu begins empty again.
  }
}

// --- Marks: a field is marked where something beside it or on top says that it is wrong.

function mark() {
  const wrong = new Set();
  for (const one of document.querySelectorAll("#entry .hint .wrong[data-field], #form-faults a[data-field]")) {
    wrong.add(one.dataset.field);
  }
  for (const one of form.querySelectorAll("input[id], select[id], textarea[id]")) {
    if (wrong.has(one.id)) one.setAttribute("aria-invalid", "true");
    else one.removeAttribute("aria-invalid");
  }
  for (const one of form.querySelectorAll("fieldset.states")) one.classList.toggle("wrong", wrong.has(one.id));
}

function open(field) {
  for (let at = field?.parentElement; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
}

// --- What is folded away is sent all the same: its summary says that something stands in it.

function holds(one) {
  if (one.type === "radio" || one.type === "checkbox") return one.checked && one.value !== "";
  return !one.matches("select:not(.answer)") && one.value.trim() !== "";
}

function folded() {
  for (const one of form.querySelectorAll("details")) {
    one.classList.toggle("filled", [...one.querySelectorAll("input, select, textarea")].some(holds));
  }
}

// --- Moving about: arrow keys from value to value, links from faults to fields.

function visible(one) {
  return one.offsetParent !== null;
}

function arrows(event) {
  const at = event.target;
  if (!at.matches?.("input.value") || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const values = [...form.querySelectorAll("input.value")].filter(visible);
  const next = values[values.indexOf(at) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.select();
}

function follow(event) {
  const link = event.target.closest?.("#form-faults a[data-field]");
  const field = link && document.getElementById(link.dataset.field);
  if (!field) return;
  event.preventDefault();
  open(field);
  const control = field.matches("fieldset") ? field.querySelector("input:checked, input") : field;
  control.focus();
  control.scrollIntoView({ block: "center" });
}

// --- A document: chosen or dropped, as text, into the field it is pasted into.

const document_ = document.getElementById("document");

function said(text) {
  const place = document.getElementById("hint-document");
  const told = document.createElement("span");
  told.className = "wrong";
  told.dataset.field = "document";
  told.textContent = text;
  place.replaceChildren(...(text ? [told] : []));
  place.setAttribute("role", "status");
  mark();
}

function tooLarge() {
  const most = Number(document_.dataset.most) / 1048576;
  return `The document is larger than what can be sent from here (${most} MiB, its signs written out). Send the part that is about this person, or call /v1/interpret.`;
}

// In a form most signs of JSON take three bytes.
function fits(text) {
  const most = Number(document_.dataset.most);
  return text.length * 9 < most || new URLSearchParams({ document: text }).toString().length < most;
}

async function taken(file) {
  if (file.size > Number(document_.dataset.most)) {
    said(tooLarge());
    return;
  }
  const bytes = await file.arrayBuffer();
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder("windows-1252").decode(bytes);
  }
  if (text.includes("\0")) {
    said("The file is no text: a document is read as FHIR, a CDS Hooks request, HL7 v2 or a case.");
    return;
  }
  document_.value = text;
  document_.dispatchEvent(new Event("input", { bubbles: true }));
  open(document_);
  said(fits(text) ? "" : tooLarge());
}

function dropping() {
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      open(document_);
      document_.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document_.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    document_.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    taken(file);
  });
  const chosen = document.getElementById("file");
  chosen.closest("p").hidden = false;
  chosen.addEventListener("change", () => chosen.files[0] && taken(chosen.files[0]));
}

function today() {
  const button = document.getElementById("today");
  button.hidden = false;
  button.addEventListener("click", () => {
    const now = new Date();
    const two = (number) => String(number).padStart(2, "0");
    const date = document.getElementById("date");
    date.value = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
    date.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// --- After an answer or a refusal: focus goes to what was said, once everything is in its place.

function settled(event) {
  mark();
  if (event.detail.requestConfig?.elt !== form) return;
  const faults = document.querySelector("#form-faults .faults");
  if (faults) {
    open(faults);
    for (const one of faults.querySelectorAll("a[data-field]")) open(document.getElementById(one.dataset.field));
    faults.focus();
    faults.scrollIntoView({ block: "start" });
    return;
  }
  // What stands here now is no example any more, whatever address the page was opened by.
  const summary = document.querySelector("details.entered > summary");
  if (summary) summary.textContent = "What was entered. Open to change it";
  history.replaceState(null, "", new URL(form.action).pathname);
  const place = document.getElementById("answer");
  const heading = place.querySelector("h2");
  heading?.setAttribute("tabindex", "-1");
  (heading ?? place).focus({ preventScroll: true });
  place.scrollIntoView({ block: "start" });
}

if (form) {
  recall(form);
  mark();
  folded();
  for (const kind of ["input", "change"]) form.addEventListener(kind, folded);
  dropping();
  today();
  form.addEventListener("keydown", arrows);
  form.addEventListener("change", (event) => event.target.matches("select[data-units]") && remember(event.target));
  document.addEventListener("click", follow);
  // An answer brings what is to be said beside fields now, and nothing of what was said before.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "answer" || !event.detail.xhr.getResponseHeader("Corrin-Page")) return;
    for (const one of form.querySelectorAll(".hint")) if (one.firstChild) one.replaceChildren();
  });
  document.addEventListener("htmx:afterSettle", settled);
  document.addEventListener("htmx:afterSwap", (event) => {
    tellRecalled(event.detail.target);
    folded();
    if (event.detail.target.id !== "free") return;
    const rows = document.querySelectorAll("#free input[list='tests']");
    rows[rows.length - 1]?.focus();
  });
}
