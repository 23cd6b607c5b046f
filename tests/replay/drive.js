// drive.js: presses the keys of a replay page and looks at what it shows. It is
// appended to a copy of the page; replay.bats opens that in a browser and reads
// the lines in #result: "ok" or "not ok", and what was looked at.
"use strict";

const results = [];
const check = (name, fine, why = "") =>
  results.push(`${fine ? "ok" : "not ok"} ${name}${fine || !why ? "" : ": " + why}`);
const press = (key) => document.dispatchEvent(
  new KeyboardEvent("keydown", {key, bubbles: true}));
const text = (selector) => document.querySelector(selector).textContent;
const picture = () => document.querySelector("#sides").innerHTML +
  text("#say") + text("#about") + text("#clock");
const visible = (element) => element.getBoundingClientRect().height > 0;

// KeyboardEvents of the document have no element with closest().
document.closest = () => null;

function firstAndLast() {
  press("Home");
  check("the first step", now === 0 && text("#clock").startsWith("step 0 "));
  check("both servers listen at first", [...document.querySelectorAll(".terminal")]
    .every((terminal) => terminal.textContent.startsWith("Listening on: ")));
  press("End");
  check("the last step", now === steps.length - 1);
  check("at the end all has been printed", [...document.querySelectorAll(".terminal")]
    .every((terminal) => terminal.textContent.includes("\nbb\n") &&
      terminal.textContent.includes("\nd\n")));
}

// Where two texts begin to differ.
function different(a, b) {
  let i = 0;
  while (a[i] === b[i])
    i++;
  return JSON.stringify([a.slice(i - 30, i + 60), b.slice(i - 30, i + 60)]);
}

function thereAndBack() {
  const seen = [];
  press("Home");
  for (let i = 0; i < steps.length; i++) {
    seen[i] = picture();
    press(".");
  }
  check("all steps are different from the one before",
    seen.every((one, i) => i === 0 || one !== seen[i - 1]));
  for (let i = steps.length - 1; i >= 0; i--) {
    go(i);
    // What was printed last is marked; that depends on the step before alone.
    if (picture() !== seen[i])
      return check("going back shows the same", false, `step ${i}: ${different(picture(), seen[i])}`);
  }
  check("going back shows the same", true);
}

// The line that is marked names the call, or the function that leads to it.
function linesNameTheCall() {
  const plain = {exit: "return"};
  let wrong = "";
  for (const recording of sides)
    recording.steps.forEach((step, index) => {
      if (!step.path || wrong)
        return;
      let names = [step.call.replace(/\(.*/s, "")];
      names.push(plain[names[0]] || names[0]);
      for (let i = 0; i < step.path.length; i += 2) {
        const [, file, line] = step.path[i + 1].match(/^(.*):(\d+)$/);
        if (file === recording.source.file) {
          const near = recording.source.lines.slice(Math.max(0, line - 3), Number(line) + 2).join("\n");
          if (!names.some((name) => near.includes(name)) && step.path[i] !== "main" &&
              names[0] !== "on_stop") // a signal comes at any line
            wrong = `${recording.name} step ${index}: ${names} is not near line ${line}`;
          return;
        }
        names = [step.path[i]];
      }
    });
  check("each marked line names its call, or leads to it", !wrong, wrong);
  press("Home");
  for (let i = 0; i < steps.length; i++) {
    show(i);
    const marked = document.querySelectorAll('[aria-current="step"]');
    if (marked.length !== sides.length)
      return check("each step has one marked line in each source", false, `step ${i}`);
  }
  check("each step has one marked line in each source", true);
}

// Each step of each recording, by itself.
const every = (test) => {
  for (const recording of sides)
    for (const [index, step] of recording.steps.entries()) {
      const wrong = test(step, recording, recording.steps[index - 1]);
      if (wrong)
        return `${recording.name} step ${index}: ${wrong}`;
    }
  return "";
};
const begins = (step) => step.who.startsWith("server") && /\)$/.test(step.call);

function nothingButWhatIsSo() {
  let wrong = every((step) => begins(step) && (/"|revents|si_signo|port|EAGAIN/.test(step.call) ||
    (/^epoll_wait/.test(step.call) && /EPOLL/.test(step.call))) && step.call);
  check("a call that falls asleep shows nothing that it returns later", !wrong, wrong);
  wrong = every((step) => begins(step) && step.ready.length > 0 && step.ready.join());
  check("nothing is ready when a call falls asleep", !wrong, wrong);
  wrong = every((step) => {
    const [, client] = step.call.match(/^recv\(.*/s) && step.say.match(/ from (\w)/) || [];
    return step.ready.includes(client) && client;
  });
  check("a client that was read is no longer ready", !wrong, wrong);
  wrong = every((step) => /is ready|are ready/.test(step.say) && !step.ready.length &&
    step.say.includes("returns") && step.say);
  check("what a call returns as ready is named", !wrong, wrong);
  wrong = every((step) => {
    const idle = Object.entries(step.sockets).filter(([, [, unread]]) => !unread);
    const [, named] = step.say.match(/Unread meanwhile: ([^.]*)/) || ["", ""];
    return idle.some(([letter]) => named.split(/[^a-z]+/).includes(letter)) && step.say;
  });
  check("only a client that has sent something is called unread", !wrong, wrong);
  wrong = every((step) => /ERESTART/.test(step.call + step.say) && step.call);
  check("no step shows what is the kernel's own affair", !wrong, wrong);
}

// In poll and select the kernel gets every entry, the empty ones, too.
function entriesArePassed() {
  const wrong = every((step, recording, before) => {
    const size = step.call.match(/^poll\(/) ? step.call.match(/, (\d+), -?\d+\)$/)
      : step.call.match(/^p?select\((\d+)/);
    const text = step.say.match(/every call: (\d+)/);
    const passed = step.n[2] - (before ? before.n[2] : 0);
    if (!begins(step) || !/^(poll|p?select)/.test(step.call))
      return false;
    return (!text || Number(text[1]) !== passed || (size && Number(size[1]) !== passed) ||
      passed !== step.list.length + step.unused) && `${step.call}: ${passed}`;
  });
  check("all entries of a list are counted", !wrong, wrong);
}

// At each step the figure counts the calls that have returned by then.
function callsAreCounted() {
  const wrong = every((step, recording, before) => {
    const returned = step.who.startsWith("server") && /\) = /.test(step.call);
    const counted = step.n[0] - (before ? before.n[0] : 0);
    return counted !== returned + (step.more || 0) && `${step.call}: ${counted}`;
  });
  check("the calls that have returned are counted", !wrong, wrong);
}

function eachEventIsAnswered() {
  for (const recording of sides)
    for (const [index, step] of recording.steps.entries()) {
      const after = recording.steps[index + 1];
      if (step.at && (!after || after.at))
        return check("each server answers each client step", false,
          `${recording.name}: ${step.at}`);
    }
  check("each server answers each client step", true);
}

function statusAndPath() {
  const blocking = sides.find((recording) => recording.name === "blocking");
  go(steps.findIndex((step) => step.event === "b-sent"));
  if (blocking) {
    const find = (name) => blocking.element.querySelector("." + name);
    check("the status says whom the call waits for",
      find("status").textContent === "asleep in recv, waiting for a");
    check("the path has the functions of the server",
      /main.*accept_connections.*recv_all/.test(find("path").textContent));
    check("blocking has no list: it waits for one client", !visible(find("ready")) &&
      find("list").textContent === "a");
    const row = [...blocking.element.querySelectorAll(".clients tr")]
      .find((one) => one.textContent.startsWith("b"));
    check("the clients' table has letter, port and bytes",
      row.textContent === `b${blocking.ports.b}not acceptedb\u21b52 bytes: b\u21b5`, row.textContent);
  }
  show(steps.length - 1);
  check("the terminal names the client of each port", sides.every((recording) =>
    Object.entries(recording.ports).every(([letter, port]) =>
      !recording.output.includes(port) || recording.element.querySelector(`.terminal [data-letter="${letter}"]`)?.textContent === port)));
  check("at the end a server has ended and has no list", [...document.querySelectorAll("article")]
    .every((one) => one.querySelector(".status").textContent === "has ended" &&
      !one.querySelector(".kernel .chip")));
  const running = every((step) => step.call.includes(") = ") && step.tasks.length === 1 &&
    step.who === "server" && step.tasks[0].length > 1 && step.call);
  check("a server whose call has returned runs", !running, running);
}

function stopping() {
  go(steps.findIndex((step) => step.event === "stop"));
  check("the page says that the server is told to stop", now > 0 &&
    text("#say").includes("told to stop") && text("#about").includes("Ctrl+C"));
}

function explainedWords() {
  const list = text("#words");
  check("the words are explained", ["descriptor", "accept queue", "listener", "newline", "round",
    "stop pipe", "10,000"].every((word) => list.includes(word)));
}

function eachKey() {
  press("Home");
  press("]");
  check("] goes to what a client does", now > 0 && Boolean(steps[now].event));
  const event = now;
  press("]");
  press("[");
  check("[ goes back to it", now === event);
  press(",");
  check(", goes back one step", now === event - 1);
  press("ArrowRight");
  check("the arrow goes forward one step", now === event);
  press("ArrowLeft");
  check("the arrow goes back one step", now === event - 1);
  press("5");
  check("5 goes to the middle", Math.abs(now - steps.length / 2) < 2);
  press("0");
  check("0 goes to the start", now === 0);
  press("?");
  check("? shows the keys", visible(document.querySelector("#keys")));
  press("?");
  check("? hides the keys", !visible(document.querySelector("#keys")));
  press("t");
  fillTable();
  check("t shows a table of all steps",
    document.querySelectorAll("#all tbody tr").length === steps.length);
  press("t");
  press(" ");
  check("space plays", text("#play").includes("pause"));
  press(" ");
  check("space pauses", text("#play").includes("play"));
  const paper = () => getComputedStyle(document.body).backgroundColor;
  const before = paper();
  press("d");
  check("d swaps light and dark", paper() !== before);
  press("d");
}

function predicting() {
  press("Home");
  press("p");
  press("]");
  const event = now;
  press(".");
  const question = document.querySelector("#question");
  check("predict asks before the servers answer", visible(question) && now === event);
  press(".");
  check("predict waits for an answer", now === event);
  question.querySelector("button").click();
  check("predict shows which answer is right",
    question.querySelectorAll("button.right").length === 1);
  press(".");
  check("predict goes on", now === event + 1 && !visible(question));
  press("p");
}

function addresses() {
  location.hash = `#${sides.map((r) => r.name).join(",")}/at=b-sent`;
  follow();
  check("a step can be named in the address", steps[now].event === "b-sent");
  location.hash = `#${sides[0].name}/step=3`;
  follow();
  check("one server can be shown alone", sides.length === 1 && now === 3 &&
    document.querySelectorAll("article").length === 1);
  location.hash = `#${recordings.map((r) => r.name).slice(0, 2).join(",")}/step=0`;
  follow();
}

function layout() {
  check("nothing is wider than the window",
    document.documentElement.scrollWidth <= innerWidth);
  for (const at of [0, Math.floor(steps.length / 2), steps.length - 1]) {
    show(at);
    for (const parent of [document.body, ...document.querySelectorAll("article")]) {
      const boxes = [...parent.children].filter((element) => visible(element) &&
        getComputedStyle(element).position !== "sticky")
        .map((element) => element.getBoundingClientRect());
      for (let i = 1; i < boxes.length; i++)
        if (boxes[i].top < boxes[i - 1].bottom - 1)
          return check("nothing overlaps", false, `step ${at}`);
    }
  }
  check("nothing overlaps", true);
  if (innerWidth <= 1000)
    return;
  for (let at = 0; at < steps.length; at++) {
    show(at);
    const bar = document.querySelector("nav").getBoundingClientRect();
    for (const one of document.querySelectorAll("article")) {
      const wide = [...one.children].find((part) => part.scrollWidth > part.clientWidth + 1);
      if (wide)
        return check("no text leaves its column", false, `step ${at}: .${wide.className}`);
      const source = one.querySelector(".source").getBoundingClientRect();
      const line = one.querySelector(".here").getBoundingClientRect();
      if (one.querySelector(".counters").getBoundingClientRect().bottom > bar.top + 1 ||
          bar.bottom > innerHeight + 1 || $("say").scrollHeight > $("now").clientHeight)
        return check("all is on one screen", false, `step ${at}: ` + JSON.stringify([innerHeight,
          bar.top, bar.bottom, one.querySelector(".counters").getBoundingClientRect().bottom,
          $("say").scrollHeight, $("now").clientHeight, $("now").scrollHeight]));
      if (line.top < source.top - 1 || line.bottom > source.bottom + 1 ||
          line.right > source.right + 1)
        return check("the marked line can be seen", false, `step ${at}`);
    }
  }
  check("no text leaves its column", true);
  check("all is on one screen", true);
  check("the marked line can be seen", true);
  const list = document.querySelector(".source");
  const before = list.scrollTop;
  list.scrollTop = before ? 0 : 1000;
  dispatchEvent(new Event("resize"));
  check("it can be seen when the window has another size", list.scrollTop === before);
}

try {
  for (const test of [firstAndLast, thereAndBack, linesNameTheCall,
    nothingButWhatIsSo, entriesArePassed, callsAreCounted, eachEventIsAnswered, statusAndPath, stopping,
    explainedWords, eachKey, predicting, addresses, layout])
    test();
} catch (error) {
  check("the page can be driven", false, String(error));
}
check("the page has no error", problems.length === 0, problems.join("; "));
document.body.append(Object.assign(document.createElement("pre"),
  {id: "result", textContent: "\n" + results.join("\n") + "\n"}));
