// Leaves nothing behind on a computer that people share, in the portal's pages and in admin.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-sign-out], #logout-form")) return;
  // The answer says so too (Clear-Site-Data), but not every browser listens.
  try {
    localStorage.clear();
  } catch {
    // There is no storage, so there is nothing in it.
  }
});

// A page that the browser kept as it was is out of date, and may be somebody else's by now.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  const fresh = new URL(location);
  fresh.hash = ""; // With one, it would only scroll.
  location.replace(fresh);
});
