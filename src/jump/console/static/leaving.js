// What is shown once is not left by mistake: the browser asks, one time, unless it was copied.
const card = document.querySelector("[data-leaving]");
let asks = true;

for (const button of card.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => (asks = false));
}
for (const link of document.querySelectorAll("[data-copied]")) {
  link.addEventListener("click", () => (asks = false));
}
card.addEventListener("copy", () => (asks = false));

addEventListener("beforeunload", (event) => {
  if (asks) {
    asks = false;
    event.preventDefault();
  }
});
