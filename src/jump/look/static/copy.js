// Shows each Copy button, and copies the text that it names; the button says so for a moment. What is
// put into a page later is told of by the event "fresh".
const SHOWN_FOR = 2500; // milliseconds

document.addEventListener("fresh", arm);
arm();

function arm() {
  for (const button of document.querySelectorAll("button[data-copy][hidden]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    tell(button, "Copied", button.dataset.said);
  } catch {
    getSelection().selectAllChildren(source);
    tell(button, "Selected", "Selected: copy it with the keyboard.");
  }
}

function tell(button, shown, spoken) {
  button.textContent = shown;
  setTimeout(() => (button.textContent = "Copy"), SHOWN_FOR);
  document.dispatchEvent(new CustomEvent("tell", { detail: spoken }));
}
