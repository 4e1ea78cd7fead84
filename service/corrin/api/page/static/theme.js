// Before anything is painted: the colours a person chose here before. Of the two things this
// page keeps in localStorage, one; the other is the units last used (enter.js).
(() => {
  const chosen = localStorage.getItem("corrin.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
