// <copy-button text="3f9a…" label="Copy the plan">: a button that copies; without JavaScript there is nothing to press.
customElements.define("copy-button", class extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    const sprite = document.querySelector("svg.icon use")?.getAttribute("href").split("#")[0];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small text";
    button.innerHTML = `<svg class="icon" width="16" height="16" aria-hidden="true"><use href="${sprite}#copy"/></svg><span role="status"></span>`;
    button.setAttribute("aria-label", this.getAttribute("label") || "Copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(this.getAttribute("text"));
      button.querySelector("span").textContent = "Copied";
    });
    this.append(button);
  }
});
