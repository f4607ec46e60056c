// Before the first paint: the theme somebody chose, so that a dark room stays dark.
try {
  const theme = localStorage.getItem("forewarn.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // storage is off: the system's theme holds
}
