// Tries an operation with a test key. The key lives in this module's memory alone: in no storage, no
// cookie and no address, and it is gone with the page. It is sent to this origin only.
const part = document.querySelector("[data-key-part]");
const field = document.getElementById("key");
const said = document.getElementById("key-said");
const SHOWN = ["x-request-id", "x-ratelimit-remaining", "etag", "location", "retry-after"];
let key = "";

part.querySelector("[data-unscripted]").hidden = true;
part.querySelector("form").hidden = false;
part.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
field.addEventListener("input", take);
addEventListener("pagehide", forget);

function take() {
  const typed = field.value.trim();
  if (/pk_live/i.test(typed)) {
    forget();
    said.textContent = "That is a live key. It was taken out of the field and sent nowhere: use a test key.";
    return;
  }
  key = typed;
  said.textContent = "";
}

function forget() {
  key = "";
  field.value = "";
}

for (const form of document.querySelectorAll("form.trial")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

async function send(form) {
  const outcome = form.querySelector("[data-outcome]");
  const address = part.dataset.base + path(form);
  if (!/^pk_test_[0-9A-Za-z_]+$/.test(key)) {
    said.textContent = "Put in a test key first: it begins with pk_test_.";
    field.focus();
    return;
  }
  if (/pk_(test|live)/i.test(address)) {
    show(outcome, "A key does not belong in an address: nothing was sent.");
    return;
  }
  show(outcome, "Waiting for the answer…");
  try {
    const answer = await fetch(address, request(form));
    const text = await answer.text();
    const headers = SHOWN.filter((name) => answer.headers.has(name));
    const lines = headers.map((name) => `${name}: ${answer.headers.get(name)}`);
    show(outcome, `${answer.status} ${answer.statusText}`, [...lines, "", laidOut(text)].join("\n"));
  } catch {
    show(outcome, "No answer came. Is the server there?");
  }
}

function path(form) {
  let found = form.dataset.path;
  for (const input of form.querySelectorAll("[data-part]")) {
    found = found.replace(`{${input.dataset.part}}`, encodeURIComponent(input.value.trim()));
  }
  const query = form.querySelector("[data-query]")?.value.trim().replace(/^\?/, "") ?? "";
  return query ? `${found}?${query}` : found;
}

function request(form) {
  const headers = { Authorization: `Bearer ${key}` };
  const body = form.querySelector("[data-body]")?.value;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return {
    method: form.dataset.method,
    headers,
    body,
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
  };
}

// What comes back is text, whatever it holds.
function show(outcome, words, details = "") {
  const line = document.createElement("p");
  line.append(Object.assign(document.createElement("b"), { textContent: words }));
  outcome.replaceChildren(line);
  if (details) {
    const block = Object.assign(document.createElement("pre"), { textContent: details, tabIndex: 0 });
    outcome.append(block);
  }
}

function laidOut(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
