// Clock times inside SVG text cannot be elements of their own: put them into the viewer's zone after load and after each swap.
{
  const localise = (root) => {
    for (const span of root.querySelectorAll("tspan[data-at]")) {
      span.textContent = portal.wording(new Date(span.dataset.at), "short").slice(-5);
    }
  };
  localise(document);
  document.addEventListener("htmx:after:settle", (event) => localise(event.target.parentNode || document));
}
