// What every page has: the choice of colours, and what is said where an answer is none.

const theme = document.getElementById("theme");
if (theme) {
  theme.hidden = false;
  theme.value = document.documentElement.dataset.theme ?? "";
  theme.addEventListener("change", () => {
    if (theme.value) {
      document.documentElement.dataset.theme = theme.value;
      localStorage.setItem("corrin.theme", theme.value);
    } else {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem("corrin.theme");
    }
  });
}

// What stands before the page answers with a problem document (too large, too busy, no token):
// its words are shown, never its bytes.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  const kind = xhr.getResponseHeader("Content-Type") ?? "";
  if (kind.startsWith("text/html")) return;
  event.detail.shouldSwap = false;
  let problem = {};
  try {
    problem = JSON.parse(xhr.responseText);
  } catch {
    // Not the service's own words then: the status says enough.
  }
  const fault = problem.faults?.[0] ?? {};
  told(target, `${problem.title ?? "The service did not answer"} (${xhr.status}).`,
    [problem.detail, fault.remedy].filter(Boolean).join(" "));
});

document.addEventListener("htmx:sendError", (event) => {
  told(event.detail.target, "The service cannot be reached.", "Nothing was interpreted. Try again.");
});

document.addEventListener("htmx:timeout", (event) => {
  told(event.detail.target, "The service did not answer in time.", "Nothing was interpreted.");
});

function told(place, title, says) {
  const section = document.createElement("section");
  section.className = "faults";
  section.setAttribute("role", "alert");
  const heading = document.createElement("h2");
  heading.textContent = title;
  const text = document.createElement("p");
  text.textContent = says;
  section.append(heading, text);
  place.replaceChildren(section);
}
