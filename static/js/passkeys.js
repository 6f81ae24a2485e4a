// <form data-passkey="get|create" data-options="/address">: the browser's passkeys answer what the server asks; hidden where there are none.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const kind = form.dataset.passkey;
  const parse = globalThis.PublicKeyCredential?.[kind === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON"];
  if (!parse) continue;
  form.hidden = false;
  const said = form.querySelector("[role=status]");
  const credential = form.elements.credential;
  form.addEventListener("submit", async (event) => {
    if (credential.value) return;
    event.preventDefault();
    said.textContent = "";
    try {
      const asked = await fetch(form.dataset.options, { method: "POST", headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value } });
      if (!asked.ok) throw new Error(asked.statusText);
      const options = parse.call(PublicKeyCredential, (await asked.json()).publicKey);
      const answer = await navigator.credentials[kind]({ publicKey: options });
      credential.value = JSON.stringify(answer.toJSON());
      form.requestSubmit();
    } catch {
      said.textContent = "No passkey answered. Nothing was done; try again or take another way.";
    }
  });
}
