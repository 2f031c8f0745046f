"use strict";
const asked = JSON.parse(document.getElementById("asked").textContent);

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));
const say = (words) => { document.getElementById("said").textContent = words; };

const options = { ...asked.options, challenge: bytes(asked.options.challenge) };
if (asked.kind === "create") {
  options.user = { ...options.user, id: bytes(options.user.id) };
  options.excludeCredentials = named(options.excludeCredentials);
} else {
  options.allowCredentials = named(options.allowCredentials);
}

async function send(answer) {
  const reply = await fetch(location.pathname, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(answer),
  });
  if (!reply.ok) throw new Error(reply.status);
  for (const button of document.querySelectorAll("button")) button.disabled = true;
  say(asked.words.sent);
}

async function ask() {
  const made = await navigator.credentials[asked.kind]({ publicKey: options });
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]) {
    if (made.response[part]) response[part] = text(made.response[part]);
  }
  await send({ rawId: text(made.rawId), type: made.type, response });
}

const failed = (error) => say(`${asked.words.failed} ${error.name}: ${error.message}`);
document.getElementById("yes").addEventListener("click", () => ask().catch(failed));
document.getElementById("no").addEventListener("click", () => send({ refused: true }).catch(failed));
