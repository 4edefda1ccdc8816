// Shows each Copy button, and copies the text that it names; the page's status region says so.
const said = document.getElementById("said");

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      tell(button.dataset.said);
    } catch {
      getSelection().selectAllChildren(source);
      tell("Selected: copy it with the keyboard.");
    }
  });
}

function tell(words) {
  const line = document.createElement("p");
  line.textContent = words;
  said.replaceChildren(line);
}
