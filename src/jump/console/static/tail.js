// New requests at the top of the log as they are written; what comes while paused waits.
const tail = document.getElementById("tail");
const MOST_SHOWN = 500;
const AGAIN = 5000; // milliseconds
const PER_SECOND = 1000;
const UNITS = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
const AS_A_DATE = 30 * 86400;

if (tail) {
  begin(tail.dataset);
}

function begin(words) {
  const [told, state] = [tail.querySelector(".told"), tail.querySelector(".state")];
  const button = tail.querySelector("button");
  const url = new URL(tail.dataset.tail, location);
  const began = Number(url.searchParams.get("since"));
  const ahead = Date.now() - began / 1000; // this machine's clock against the server's
  const shown = new Set(Array.from(document.querySelectorAll("td[data-l=Request] .soft"), (each) => each.textContent));
  let source = null;
  let isOver = false;
  let waiting = [];

  tail.hidden = false;
  button.addEventListener("click", () => {
    const paused = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(paused));
    told.textContent = "";
    if (!paused) {
      add(waiting);
      waiting = [];
    }
    say();
  });
  // A window that nobody sees needs no connection; it reads on when it is looked at again.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  setInterval(() => tellTimes(ahead), 10 * PER_SECOND);
  open();

  function open() {
    if (isOver || source || document.hidden) {
      return;
    }
    source = new EventSource(url);
    source.addEventListener("open", say);
    source.addEventListener("requests", (event) => {
      url.searchParams.set("since", event.lastEventId);
      take(JSON.parse(event.data));
    });
    source.addEventListener("end", (event) => end(JSON.parse(event.data).words));
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) {
        close();
        askWhy();
      }
      say();
    });
  }

  function close() {
    source?.close();
    source = null;
    say();
  }

  // A browser does not tell a script why it was refused.
  async function askWhy() {
    const asking = new AbortController();
    try {
      const answer = await fetch(url, { signal: asking.signal });
      if (answer.status === 429) {
        end(words.full);
      } else if (answer.redirected || answer.status < 500 && !answer.ok) {
        end(words.gone);
      }
    } catch {
      // Away for a moment.
    } finally {
      asking.abort();
    }
    setTimeout(open, AGAIN);
  }

  function end(why) {
    isOver = true;
    close();
    told.textContent = why;
    button.hidden = true;
  }

  function take({ rows, whole }) {
    const fresh = rows.filter((row) => !shown.has(row.id));
    fresh.forEach((row) => shown.add(row.id));
    if (button.getAttribute("aria-pressed") === "true") {
      waiting = [...waiting, ...fresh].slice(-MOST_SHOWN);
      told.textContent = waiting.length === 0 ? "" : `${waiting.length} ${waiting.length === 1 ? words.one : words.many}`;
    } else {
      add(fresh);
      told.textContent = whole ? "" : words.skipped;
    }
  }

  function say() {
    const paused = button.getAttribute("aria-pressed") === "true";
    const open = source?.readyState === EventSource.OPEN;
    const [kind, word] = isOver ? ["plain", words.over] : paused ? ["warn", words.paused] : open ? ["ok", words.live] : ["info", words.away];
    state.className = `state tag ${kind}`;
    state.textContent = word;
  }

  function add(rows) {
    if (rows.length === 0) {
      return;
    }
    const body = table();
    for (const row of rows) {
      body.prepend(made(row));
    }
    while (body.rows.length > MOST_SHOWN) {
      body.rows[body.rows.length - 1].remove();
    }
    tellTimes(ahead);
  }
}

// Where there was nothing yet, a table takes the place of the words that said so.
function table() {
  const there = document.querySelector("table.stack tbody");
  if (there) {
    return there;
  }
  document.querySelector(".card.empty")?.replaceWith(document.getElementById("tail-table").content.cloneNode(true));
  return document.querySelector("table.stack tbody");
}

// Whatever a field holds is text.
function made(row) {
  const copy = document.getElementById("tail-row").content.cloneNode(true);
  for (const element of copy.querySelectorAll("[data-f]")) {
    element.textContent = row[element.dataset.f];
    if (element.textContent === "") {
      element.remove();
    }
  }
  copy.querySelector("a").href = row.url;
  copy.querySelector(".tag").classList.add(row.kind);
  const time = copy.querySelector("time");
  [time.dateTime, time.title] = [row.time, row.exact];
  return copy;
}

function tellTimes(ahead) {
  const now = Date.now() - ahead;
  for (const time of document.querySelectorAll("table.stack time")) {
    const seconds = Math.floor((now - Date.parse(time.dateTime)) / PER_SECOND);
    if (seconds < AS_A_DATE) {
      time.textContent = ago(seconds);
    }
  }
}

function ago(seconds) {
  const [size, word] = UNITS.find(([size]) => seconds >= size) ?? [];
  if (!size) {
    return "just now";
  }
  const count = Math.floor(seconds / size);
  return `${count} ${word}${count === 1 ? "" : "s"} ago`;
}
