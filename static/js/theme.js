// Put the reader's choice of colours on <html> before anything is painted. Loaded without defer, on purpose.
{
  const choice = localStorage.getItem("theme");
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
}
