// A page that shows deliveries follows them: it asks where they stand, and when that has changed takes its
// own parts anew. Who has gone away is not followed for, and what somebody is at is not taken from them.
const SOON = 500; // milliseconds
const SLOWEST = 10_000;
const SLOWER = 1.3;
const ALONE = 10 * 60_000;

let wait = SOON;
let last = Date.now();

for (const sign of ["pointerdown", "keydown"]) {
  addEventListener(sign, () => (last = Date.now()));
}

const first = document.querySelector("[data-words]");
// A result that was there before the page is told like one that comes later.
if (first?.classList.contains("result") && !isWaiting(first) && document.querySelector("#said p")) {
  tell(first.dataset.words);
}
setTimeout(ask, wait);

async function ask() {
  const { ask: address, stands } = document.getElementById("following").dataset;
  if (Date.now() - last > ALONE) {
    return;
  }
  wait = Math.min(wait * SLOWER, SLOWEST);
  if (!document.hidden && !isBusy()) {
    try {
      const answer = await fetch(address);
      if (!answer.ok || answer.redirected) {
        return; // signed out meanwhile: the page says no more than it knew
      }
      if ((await answer.text()) !== stands) {
        await take();
        wait = SOON;
      }
    } catch {
      // Away for a moment.
    }
  }
  setTimeout(ask, wait);
}

async function take() {
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) {
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const before = document.querySelector("[data-words]")?.dataset.words;
  for (const part of document.querySelectorAll("[data-part]")) {
    const found = fresh.getElementById(part.id);
    if (found) {
      part.replaceWith(document.adoptNode(found));
    }
  }
  document.dispatchEvent(new CustomEvent("fresh"));
  const now = document.querySelector("[data-words]");
  if (now && now.dataset.words !== before && !isWaiting(now)) {
    tell(now.dataset.words);
  }
}

function isBusy() {
  const at = document.activeElement?.closest("[data-part]");
  return Boolean(at) || getSelection().type === "Range";
}

function isWaiting(result) {
  return result.classList.contains("waits");
}

function tell(words) {
  document.dispatchEvent(new CustomEvent("tell", { detail: words }));
}
