// Brings the page's own entry into sight in a list of pages that is longer than the window.
const here = document.querySelector(".side.wide [aria-current]");
const list = here?.closest(".side");
const below = here ? here.offsetTop + here.offsetHeight - list.offsetTop : 0;
if (list && below > list.clientHeight) list.scrollTop = below - list.clientHeight / 2;
