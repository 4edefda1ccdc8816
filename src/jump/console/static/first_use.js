// Waits for the first request with a new key, and says when it has come.
const note = document.getElementById("first-use");
const EVERY = 1500;

if (note && !note.classList.contains("done")) {
  note.querySelector("form").hidden = true;
  setTimeout(ask, EVERY);
}

async function ask() {
  try {
    const answer = await fetch(note.dataset.ask);
    if (!answer.ok || answer.redirected) {
      return; // signed out meanwhile: the page says no more than it knew
    }
    const { used, words } = await answer.json();
    if (used) {
      tell(words);
      return;
    }
  } catch {
    // Away for a moment.
  }
  setTimeout(ask, EVERY);
}

function tell(words) {
  const tag = note.querySelector(".tag");
  tag.className = "tag ok";
  tag.textContent = "Works";
  note.querySelector(".words").textContent = words;
  note.classList.add("done");
  document.dispatchEvent(new CustomEvent("tell", { detail: words }));
}
