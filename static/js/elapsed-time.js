// <elapsed-time since>: how long something has taken so far.
customElements.define("elapsed-time", class extends HTMLElement {
  static observedAttributes = ["since"];

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
    const text = portal.duration((portal.now() - Date.parse(this.getAttribute("since"))) / 1000);
    if (this.textContent !== text) this.textContent = text;
  }
});
