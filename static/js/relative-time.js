// <relative-time datetime data-style>: an instant in the viewer's zone; styles with an age stay fresh.
customElements.define("relative-time", class extends HTMLElement {
  static observedAttributes = ["datetime", "data-style"];

  connectedCallback() {
    this.tick = () => this.render();
    if (["age", "both", "old"].includes(this.dataset.style)) document.addEventListener("portal:tick", this.tick);
    this.render();
  }

  disconnectedCallback() {
    document.removeEventListener("portal:tick", this.tick);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.render();
  }

  render() {
    const date = new Date(this.getAttribute("datetime"));
    if (isNaN(date)) return;
    const text = portal.wording(date, this.dataset.style || "time");
    if (this.textContent !== text) this.textContent = text;
  }
});
