// What every page has: the choice of colours, and what is said where an answer is none.

// htmx notes the path of the page for a history of its own, which is off: nothing else is kept.
try {
  sessionStorage.removeItem("htmx-current-path-for-history");
} catch {
  // A browser that lets no page keep anything has kept nothing.
}

const theme = document.getElementById("theme");
if (theme) {
  theme.hidden = false;
  theme.value = document.documentElement.dataset.theme ?? "";
  theme.addEventListener("change", () => {
    if (theme.value) document.documentElement.dataset.theme = theme.value;
    else delete document.documentElement.dataset.theme;
    try {
      if (theme.value) localStorage.setItem("corrin.theme", theme.value);
      else localStorage.removeItem("corrin.theme");
    } catch {
      // The colours hold for this page then.
    }
  });
}

// What stands before the page answers with a problem document (too large, too busy, no token):
// its words are shown, never its bytes.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  const kind = xhr.getResponseHeader("Content-Type") ?? "";
  if (xhr.getResponseHeader("Corrin-Page")) {
    // Gone at once instead of element by element: a new answer stands sooner.
    if (target.id === "answer") target.replaceChildren();
    return;
  }
  event.detail.shouldSwap = false;
  if (kind.startsWith("text/html")) {
    told(target, "Something else answered in the service's place.",
      "You may have been signed out: sign in again in another tab, then try once more. "
      + "Nothing was interpreted; what was entered stands here still.");
    return;
  }
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

// Buttons that copy what they would otherwise open. Where a browser does not let a page write to
// the clipboard, the text is laid out to be copied by hand.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("print" in button.dataset) {
    window.print();
  } else if ("copy" in button.dataset) {
    event.preventDefault();
    await copy(button);
  }
});

async function copy(button) {
  const section = button.closest("section");
  const say = (text) => (section.querySelector("[data-told]").textContent = text);
  const byHand = section.querySelector("[data-copied]");
  byHand.hidden = true;
  say("");
  let answer;
  try {
    answer = await fetch(button.formAction, {
      method: "POST",
      body: new URLSearchParams(new FormData(button.form)),
      cache: "no-store",
    });
  } catch {
    say("The service cannot be reached; nothing was copied.");
    return;
  }
  if (!answer.ok) {
    say(`The service did not answer (${answer.status}); nothing was copied.`);
    return;
  }
  if ((answer.headers.get("Content-Type") ?? "").startsWith("text/html")) {
    say("Something else answered in the service's place; nothing was copied. You may have been signed out.");
    return;
  }
  const text = await answer.text();
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${button.dataset.copy}.`);
  } catch {
    const field = byHand.querySelector("textarea");
    field.value = text;
    byHand.hidden = false;
    field.focus();
    field.select();
  }
}

document.addEventListener("htmx:load", (event) => showPrint(event.detail.elt));
showPrint(document);

function showPrint(part) {
  for (const button of part.querySelectorAll("[data-print]")) button.hidden = false;
}
