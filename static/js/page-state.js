// A tab in the background says how the rollback stands: the title gets a sign, the icon a shape.
{
  const SIGNS = { running: "▶", verifying: "▶", cancelling: "▶", queued: "…", paused: "⏸", succeeded: "✓", failed: "✗", rejected: "✗",
    needs_operator: "⚠", awaiting_approval: "⚠", unknown: "⚠", cancelled: "–", expired: "–" };
  const SHAPES = {
    "▶": '<circle cx="16" cy="16" r="15" fill="#1a56c4"/><path d="M12 9v14l12-7z" fill="#fff"/>',
    "…": '<circle cx="16" cy="16" r="13" fill="none" stroke="#5c6675" stroke-width="4" stroke-dasharray="6 5"/>',
    "⏸": '<circle cx="16" cy="16" r="15" fill="#414a58"/><path d="M12 10v12M20 10v12" stroke="#fff" stroke-width="4"/>',
    "✓": '<circle cx="16" cy="16" r="15" fill="#0a6b50"/><path d="m9 17 5 5 10-11" stroke="#fff" stroke-width="4" fill="none"/>',
    "✗": '<rect x="2" y="2" width="28" height="28" rx="3" fill="#b3261a"/><path d="m10 10 12 12m0-12L10 22" stroke="#fff" stroke-width="4"/>',
    "⚠": '<path d="M16 2 31 29H1z" fill="#c26900"/><path d="M16 11v9M16 24v2" stroke="#fff" stroke-width="4"/>',
    "–": '<rect x="3" y="3" width="26" height="26" rx="5" fill="none" stroke="#414a58" stroke-width="4"/><path d="M10 16h12" stroke="#414a58" stroke-width="4"/>',
  };
  const title = document.title;
  const icon = document.querySelector('link[rel="icon"]');
  let shown = "";

  function show() {
    const holder = document.querySelector("[data-page-state], [data-rollback-state]");
    const state = holder?.dataset.pageState || holder?.dataset.rollbackState;
    if (!state || state === shown || !SIGNS[state]) return;
    shown = state;
    document.title = `${SIGNS[state]} ${title}`;
    if (icon) icon.href = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${SHAPES[SIGNS[state]]}</svg>`)}`;
  }

  show();
  document.addEventListener("htmx:after:swap", show);
}
