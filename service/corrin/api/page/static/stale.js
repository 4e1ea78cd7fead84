// An answer is of what was entered when it was asked for. Where the form says something else by now,
// that stands above the answer until it is asked again, so that nobody reads it as of the new values.

const form = document.getElementById("entry");
const place = document.getElementById("answer");

// What the fields say, in this page's memory only; a unit beside no value says nothing.
function entered() {
  const data = new FormData(form);
  const said = [...data].filter(([name, value]) => {
    const [part, key] = name.split(".", 2);
    return value.trim() && (part !== "unit" || data.get(`value.${key}`)?.trim());
  });
  return JSON.stringify(said);
}

const asked = new WeakMap(); // request → what was entered when it was sent
let given = "";

function compare() {
  const stale = place.querySelector("#told") !== null && entered() !== given;
  place.classList.toggle("is-stale", stale);
  const told = place.querySelector(".stale");
  if (!stale) told?.remove();
  if (!stale || told) return;
  const notice = document.createElement("p");
  notice.className = "stale";
  notice.setAttribute("role", "status");
  notice.textContent = "This is the answer to what was entered before. The form has been changed since: interpret it again.";
  place.prepend(notice);
}

if (form && place) {
  given = entered();
  for (const kind of ["input", "change"]) form.addEventListener(kind, compare);
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt === form) asked.set(event.detail, entered());
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.requestConfig?.elt !== form) return;
    given = asked.get(event.detail.requestConfig) ?? "";
    compare();
  });
}
