// <theme-switch>: three buttons, remembered in this browser; an empty value follows the device.
customElements.define("theme-switch", class extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.choose(button.value);
    });
    this.show(document.documentElement.dataset.theme || "");
  }

  choose(value) {
    if (value) {
      localStorage.setItem("theme", value);
      document.documentElement.dataset.theme = value;
    } else {
      localStorage.removeItem("theme");
      delete document.documentElement.dataset.theme;
    }
    this.show(value);
  }

  show(value) {
    for (const button of this.querySelectorAll("button")) button.setAttribute("aria-pressed", button.value === value);
  }
});
