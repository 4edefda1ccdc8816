// What is shown once is not left by mistake: the browser asks, one time, unless it was copied.
const card = document.querySelector("[data-leaving]");
const secret = card.querySelector(".great code").textContent;
let asks = true;

// The line for a file and the command hold it too.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (document.getElementById(button.dataset.copy).textContent.includes(secret)) {
    button.addEventListener("click", () => (asks = false));
  }
}
for (const link of document.querySelectorAll("[data-copied]")) {
  link.addEventListener("click", () => (asks = false));
}
document.addEventListener("copy", () => (asks = false));

addEventListener("beforeunload", (event) => {
  if (asks) {
    asks = false;
    event.preventDefault();
  }
});
