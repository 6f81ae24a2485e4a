// <count-down until data-style="clock|words">: what is left until an instant; stops at zero and says so with data-over.
customElements.define("count-down", class extends HTMLElement {
  static observedAttributes = ["until"];

  connectedCallback() {
    this.tick = () => this.render();
    document.addEventListener("portal:tick", this.tick);
    this.render();
  }

  disconnectedCallback() {
    document.removeEventListener("portal:tick", this.tick);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.render();
  }

  render() {
    const left = (Date.parse(this.getAttribute("until")) - portal.now()) / 1000;
    const text = this.dataset.style === "words" ? portal.duration(left) : portal.clock(left);
    if (this.textContent !== text) this.textContent = text;
    this.toggleAttribute("data-over", left <= 0);
  }
});
