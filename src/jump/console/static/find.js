// A key that is pasted to be found: only its id comes into the field, however it was copied.
const field = document.getElementById("find-key");

field?.addEventListener("paste", (event) => {
  const found = /pk_(?:test|live)_[0-9A-Za-z]{16}/.exec(event.clipboardData.getData("text"));
  if (found) {
    event.preventDefault();
    field.value = found[0];
  }
});
