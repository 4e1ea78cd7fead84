// Before anything is painted: the colours a person chose here before. Of the two things this
// page keeps in localStorage, one; the other is the units last used (enter.js).
(() => {
  let chosen = "";
  try {
    chosen = localStorage.getItem("corrin.theme");
  } catch {
    return; // a browser that lets no page keep anything
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
