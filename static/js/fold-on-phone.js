// <details class="fold-on-phone">: open on wide screens, folded on phones, and the reader's own choice after that.
{
  const wide = matchMedia("(min-width: 760px)");
  const fold = () => {
    for (const card of document.querySelectorAll("details.fold-on-phone")) card.open = wide.matches || card.dataset.open === "always";
  };
  wide.addEventListener("change", fold);
  fold();
  document.documentElement.dataset.ready = "";
}
