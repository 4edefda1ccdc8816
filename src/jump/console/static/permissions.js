// While a key is put together: presets choose at once, and the sentence below follows each choice.
// What it says comes from the server, so that there is one place that knows the words.
const sentence = document.getElementById("sentence");
const form = sentence.closest("form");
let latest = 0;

for (const preset of form.querySelectorAll("button[name=preset]")) {
  preset.addEventListener("click", (event) => {
    event.preventDefault();
    choose(new Set(preset.dataset.scopes.split(" ")));
    say();
  });
}

form.addEventListener("change", say);
say();

// Of each resource the choice with the most scopes that are all wanted.
function choose(wanted) {
  for (const field of form.querySelectorAll("fieldset.choice")) {
    let best = null;
    let most = -1;
    for (const choice of field.querySelectorAll("input")) {
      const scopes = choice.dataset.scopes.split(" ").filter(Boolean);
      if (scopes.every((scope) => wanted.has(scope)) && scopes.length > most) {
        best = choice;
        most = scopes.length;
      }
    }
    best.checked = true;
  }
}

async function say() {
  const mine = ++latest;
  const asked = new URL(sentence.dataset.words, location.href);
  for (const choice of form.querySelectorAll("input[type=radio]:checked")) {
    asked.searchParams.set(choice.name, choice.value);
  }
  try {
    const answer = await fetch(asked);
    if (answer.ok && mine === latest) {
      sentence.textContent = await answer.text();
      sentence.hidden = false;
    }
  } catch {
    // Without an answer the old sentence would be wrong.
    sentence.hidden = true;
  }
}
