// Keys: ? help, a goes to Approve (never presses it), g and a letter go to a room. Silent while somebody types.
{
  let armed = 0;
  const seen = (element) => element.checkVisibility();
  const deeds = {
    "?": () => document.getElementById("shortcuts")?.showModal(),
    a: () => [...document.querySelectorAll("[data-approve]")].find(seen)?.focus(),
    g: () => (armed = Date.now()),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    if (Date.now() - armed < 1500 && event.key.length === 1) {
      armed = 0;
      const room = [...document.querySelectorAll(".shell-nav a")].find((link) => link.textContent.trim().toLowerCase().startsWith(event.key));
      if (room) return room.click();
    }
    if (deeds[event.key]) {
      event.preventDefault();
      deeds[event.key]();
    }
  });
}
