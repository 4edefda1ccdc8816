// Shows each Copy button, and copies the text that it names; the button says so for a moment.
const SHOWN_FOR = 2500; // milliseconds

for (const button of document.querySelectorAll("button[data-copy]")) {
  const label = button.textContent;
  let waiting = 0;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      tell("Copied", button.dataset.said);
    } catch {
      getSelection().selectAllChildren(source);
      tell("Selected", "Selected: copy it with the keyboard.");
    }
  });

  function tell(shown, spoken) {
    button.textContent = shown;
    clearTimeout(waiting);
    waiting = setTimeout(() => (button.textContent = label), SHOWN_FOR);
    document.dispatchEvent(new CustomEvent("tell", { detail: spoken }));
  }
}
