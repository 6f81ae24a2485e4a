// <wall-clock>: the time of day in the viewer's zone, with the zone's name.
customElements.define("wall-clock", class extends HTMLElement {
  connectedCallback() {
    this.tick = () => {
      const now = portal.now();
      this.textContent = `${portal.wording(now, "seconds")} ${portal.zoneName(now)}`;
    };
    document.addEventListener("portal:tick", this.tick);
    this.tick();
  }

  disconnectedCallback() {
    document.removeEventListener("portal:tick", this.tick);
  }
});
