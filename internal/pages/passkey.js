// A passkey, on the pages that have a form for one. Without this file the form
// stays hidden, and the password is there.
const form = document.querySelector("form.passkey");
const said = form.querySelector("[role=alert]");
const options = JSON.parse(form.dataset.options);
const adds = "user" in options;

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

// Not every browser reads and writes these as JSON by itself yet.
function asked() {
  const o = { ...options, challenge: bytes(options.challenge) };
  if (adds) {
    o.user = { ...o.user, id: bytes(o.user.id) };
    o.excludeCredentials = (o.excludeCredentials ?? []).map((c) => ({ ...c, id: bytes(c.id) }));
  }
  return { publicKey: o };
}

function answered(made) {
  const r = made.response;
  const response = { clientDataJSON: text(r.clientDataJSON) };
  if (adds) {
    response.attestationObject = text(r.attestationObject);
    response.transports = r.getTransports?.() ?? [];
  } else {
    response.authenticatorData = text(r.authenticatorData);
    response.signature = text(r.signature);
    response.userHandle = r.userHandle ? text(r.userHandle) : undefined;
  }
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
}

function sentence(error) {
  if (error.name === "InvalidStateError") {
    return "This device has a passkey for you here already.";
  }
  if (error.name === "NotAllowedError") {
    return adds ? "No passkey was made. Nothing was changed." : "No passkey was used. Try again, or sign in another way.";
  }
  return "This browser cannot use a passkey here.";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  said.textContent = "";
  try {
    const made = await (adds ? navigator.credentials.create(asked()) : navigator.credentials.get(asked()));
    form.elements.answer.value = answered(made);
    form.submit();
  } catch (error) {
    said.textContent = sentence(error);
  }
});

if (window.PublicKeyCredential) {
  form.hidden = false;
  document.querySelectorAll(".needs-script").forEach((e) => e.remove());
}
