// What scripts tell is seen where it happened, at a button or in a note, and read aloud from the page's
// status region, so that nothing moves and no bad news stands in a banner. Others send the event "tell".
const said = document.getElementById("said");

document.addEventListener("tell", ({ detail }) => {
  const line = document.createElement("p");
  line.className = "unseen";
  line.textContent = detail;
  said.querySelector(".unseen")?.remove();
  said.append(line);
});
