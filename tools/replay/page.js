// page.js: plays the recordings. Each step of a recording holds the whole state
// after it, so that showing a step needs nothing but that step: going back is
// exact. steps.py says what is in a step.
"use strict";

const $ = (id) => document.getElementById(id);
const make = (tag, text = "", className = "") =>
  Object.assign(document.createElement(tag), {textContent: text, className});

let sides = [];     // the recordings that are shown, one or two
let steps = [];     // of both, on one clock: {k, t, who, at: [index, index]}
let now = 0;
let timer = null;
let addressTimer = null;
let asked = new Set(); // the steps that predict has asked about

// --- Two recordings on one clock ---------------------------------------------

// A step of the scenario begins when its client acts, in both recordings at the
// same time. What the servers do then follows in the order of their own clocks.
function merge() {
  const entries = [];
  sides.forEach((recording, side) => recording.steps.forEach((step, index) => {
    if (step.k > 0)
      entries.push({k: step.k, t: step.at ? -1 : step.t, side, index, step});
  }));
  entries.sort((a, b) => a.k - b.k || a.t - b.t || a.side - b.side ||
    a.index - b.index);
  // At first both are where the first client finds them.
  const at = sides.map((recording) =>
    Math.max(0, recording.steps.findIndex((step) => step.k > 0) - 1));
  steps = [{k: 0, t: 0, who: null, at: [...at]}];
  for (const {k, t, side, index, step} of entries) {
    const last = steps[steps.length - 1];
    at[side] = index;
    if (step.at && last.event === step.at)
      last.at = [...at]; // the same client in the other recording
    else
      steps.push({k, t: Math.max(0, t), who: step.at ? null : side,
        event: step.at, at: [...at]});
  }
}

// --- The two sources -----------------------------------------------------------

const mainFile = (recording) => recording.source.file;

// The lines of a that are in b, too, and the other way round, in their order: the
// longest common subsequence.
function common(a, b) {
  const same = (i, j) => a[i].trim() === b[j].trim();
  const length = Array.from({length: a.length + 1}, () =>
    new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i][j] = same(i, j) ? length[i + 1][j + 1] + 1
        : Math.max(length[i + 1][j], length[i][j + 1]);
  const lines = [new Set(), new Set()];
  for (let i = 0, j = 0; i < a.length && j < b.length;)
    if (same(i, j)) {
      lines[0].add(i++);
      lines[1].add(j++);
    } else if (length[i + 1][j] >= length[i][j + 1])
      i++;
    else
      j++;
  return lines;
}

// The sources, with what the other one has not in another colour.
function showSources() {
  const texts = sides.map((recording) => recording.source.lines);
  const shared = common(texts[0], texts[texts.length - 1]);
  sides.forEach((recording, side) => {
    const list = recording.element.querySelector(".source");
    recording.lines = [null]; // they are counted from 1
    texts[side].forEach((text, number) => {
      const item = make("li", text || " ", shared[side].has(number) ? "" : "differs");
      item.dataset.number = number + 1;
      recording.lines.push(item);
      list.append(item);
    });
    list.setAttribute("aria-label", "source: " + mainFile(recording));
  });
}

// --- One step ------------------------------------------------------------------

// The line of a path that is in the file which is shown: the innermost one.
function lineOf(recording, path) {
  for (let i = 1; path && i < path.length; i += 2) {
    const [, file, line] = path[i].match(/^(.*):(\d+)$/);
    if (file === mainFile(recording))
      return Number(line);
  }
  return null;
}

// Where the program is: a step of a client says nothing about that, so the last
// one that does.
function pathAt(recording, index) {
  while (index > 0 && !recording.steps[index].path)
    index--;
  return recording.steps[index].path;
}

function showLine(recording, step, index) {
  const path = pathAt(recording, index);
  for (const item of recording.element.querySelectorAll("li.here, li.asleep")) {
    item.classList.remove("here", "asleep");
    item.removeAttribute("aria-current");
    delete item.dataset.who;
  }
  for (const [who, call, sleepPath] of step.tasks) {
    const line = call && lineOf(recording, sleepPath);
    if (!line)
      continue;
    const data = recording.lines[line].dataset;
    data.who = data.who ? `${data.who}, ${who}`
      : "asleep" + (step.tasks.length > 1 ? ": " + who : "");
    recording.lines[line].classList.add("asleep");
  }
  const item = recording.lines[lineOf(recording, path)];
  if (item) {
    item.classList.add("here");
    item.setAttribute("aria-current", "step");
  }
  const calls = [];
  for (let i = 0; path && i < path.length; i += 2)
    calls.unshift(`${path[i]} (${path[i + 1].replace(mainFile(recording) + ":", "line ")})`);
  recording.element.querySelector(".path").textContent = calls.join(" \u2192 ");
}

// After all else has its height, so that the line is in the middle.
function scrollToLine(recording) {
  const list = recording.element.querySelector(".source");
  const item = list.querySelector(".here");
  if (item)
    list.scrollTop = item.offsetTop - (list.clientHeight - item.clientHeight) / 2;
}

// Which tasks run, and which sleep in what call and wait for what.
function showStatus(recording, step, acts) {
  const several = step.tasks.length > 1;
  const name = (who) => who === "main" ? who : `${recording.several} ${who}`;
  const running = step.tasks.filter(([, call]) => !call).map(([who]) => name(who));
  const asleep = new Map();
  for (const [who, call, , what] of step.tasks)
    if (call) {
      const text = `in ${call}, waiting for ${who === what ? "its client" : what}`;
      asleep.set(text, [...(asleep.get(text) || []), name(who)]);
    }
  const back = acts && step.call.match(/^(\w+)\(.*\) = /s);
  const colon = several ? ": " : "";
  const status = recording.element.querySelector(".status");
  status.replaceChildren();
  if (running.length)
    status.append(make("span", "running" + colon + (several ? running.join(", ") : "") +
      (back ? `, back from ${back[1]}` : ""), "runs"), asleep.size ? "; " : "");
  if (asleep.size)
    status.append(make("span", "asleep" + colon + [...asleep].map(([text, who]) =>
      (several ? who.join(", ") : "") + " " + (who.length === 1 ? text
        : text.replace(", waiting", ", each waiting"))).join("; "), "asleep"));
  if (!step.tasks.length)
    status.append(make("span", "has ended", "over"));
}

function chips(element, names, className = "") {
  element.replaceChildren(...names.map((name) =>
    make("span", name, "chip " + className)));
  if (!names.length)
    element.textContent = "\u2013";
}

const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

function showKernel(recording, step) {
  const find = (name) => recording.element.querySelector("." + name);
  const listed = recording.steps.some(({list}) => list.length);
  chips(find("queue"), step.queue, "unread");
  find("ready").parentNode.hidden = !listed;
  chips(find("ready"), step.ready);
  find("list-name").textContent = step.kept ? "list, kept by the kernel"
    : listed ? "list, passed in each call" : "waits for";
  chips(find("list"), listed ? step.list
    : step.tasks.map(([, , , what]) => what).filter(Boolean));
  if (step.unused && step.list.length)
    find("list").append(`and ${step.unused} empty`);
  const [calls, wakes, passed] = step.n;
  find("counters").textContent = `${count(calls, "system call")} \u00b7 ` +
    `${count(wakes, "wake-up")} \u00b7 ${passed} list ` +
    `${passed === 1 ? "entry" : "entries"} passed to the kernel`;
}

const newline = (text) => text.replaceAll("\\n", "\u21b5");

function showClients(recording, step) {
  const place = {queued: "not accepted", accepted: "accepted", gone: "closed by the server"};
  const rows = Object.entries(recording.ports).map(([letter, port]) => {
    const [where, unread = 0, end, sent = ""] = step.sockets[letter] || [];
    const bytes = sent.match(/\\[0-7]{1,3}|\\.|./g) || [];
    const row = make("tr", "", unread ? "unread" : where === "gone" ? "over" : "");
    row.append(...[letter, where ? port : "", !where ? "not there yet"
      : where === "gone" || end === "connected" ? place[where]
      : `${place[where]}, ${end === "reset" ? "was reset" : "has closed its side"}`,
    newline(sent), unread ? `${count(unread, "byte")}: ` +
      newline(bytes.slice(-unread).join("")) : ""].map((text) => make("td", text)));
    return row;
  });
  recording.element.querySelector(".clients tbody").replaceChildren(...rows);
}

// A port in the text, with the letter of its client.
const named = (recording, text) => text.split(/(?<=:)(\d+)/).map((part) => {
  const letter = Object.keys(recording.ports).find((key) => recording.ports[key] === part);
  const span = make("span", part, letter ? "port" : "");
  span.dataset.letter = letter || "";
  return letter ? span : part;
});

function showTerminal(recording, step, previous) {
  const terminal = recording.element.querySelector(".terminal");
  const text = (from, to) =>
    named(recording, new TextDecoder().decode(recording.bytes.slice(from, to)));
  const before = Math.min(previous.out, step.out);
  const fresh = make("mark");
  fresh.append(...text(before, step.out));
  terminal.replaceChildren(...text(0, before), fresh);
  terminal.scrollTop = terminal.scrollHeight;
}

function show(number) {
  now = Math.max(0, Math.min(number, steps.length - 1));
  const step = steps[now];
  sides.forEach((recording, side) => {
    const state = recording.steps[step.at[side]];
    const last = recording.steps[steps[Math.max(0, now - 1)].at[side]];
    recording.element.className = step.who === side ? "acts" : "";
    showLine(recording, state, step.at[side]);
    showStatus(recording, state, step.who === side);
    showKernel(recording, state);
    showClients(recording, state);
    showTerminal(recording, state, last);
    scrollToLine(recording);
  });
  const [say, about] = words(now);
  $("say").textContent = say;
  $("about").textContent = about;
  $("position").value = now;
  $("clock").textContent = `step ${now} of ${steps.length - 1}, ` +
    `client step ${step.k}`;
  for (const row of $("all").querySelectorAll("tbody tr"))
    row.toggleAttribute("aria-current", Number(row.dataset.step) === now);
  // Not at once: browsers refuse hundreds of changes of the address in a row.
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => history.replaceState(null, "", address(now)), 300);
}

const address = (number) => "#" + sides.map((r) => r.name).join(",") +
  (steps[number].event ? "/at=" + steps[number].event : "/step=" + number);

// The sentence of a step, and what stands above it.
function words(number) {
  const step = steps[number];
  const state = sides[Math.max(0, step.who ?? 0)].steps[step.at[step.who ?? 0]];
  if (number === 0)
    return ["The servers listen. No client is there yet.",
      "Each server was recorded on its own, with the same script of clients. " +
      "Press the space bar to play, the arrow keys for one step, ? for all keys."];
  if (step.event)
    return [state.say, state.about || ""];
  const who = state.who === "kernel" ? ", the kernel" : state.who.replace("server", "");
  return [state.say, sides[step.who].name + who + (state.call && ": " + state.call)];
}

// --- Moving about ----------------------------------------------------------------

// The nearest step at which a client does something, or the first or last one.
function eventFrom(number, direction) {
  while (number > 0 && number < steps.length - 1 && !steps[number].event)
    number += direction;
  return number;
}

function go(number) {
  hideQuestion();
  show(number);
}

function forward() {
  if (!$("question").hidden && !$("question").dataset.answered)
    return; // predict waits for an answer
  hideQuestion();
  if (now === steps.length - 1)
    return pause();
  if (shouldAsk())
    return ask();
  show(now + 1);
}

function pause() {
  clearTimeout(timer);
  timer = null;
  $("play").textContent = "\u25b6 play";
}

function tick() {
  forward();
  if (timer !== null)
    timer = setTimeout(tick, (steps[now].event ? 1600 : 800) /
      2 ** Number($("speed").value));
}

function play() {
  if (timer !== null)
    return pause();
  if (now === steps.length - 1)
    show(0);
  $("play").textContent = "\u23f8 pause";
  timer = setTimeout(tick, 200);
}

// --- Predict -----------------------------------------------------------------------

// Whether a server prints something between this event and the next: what the
// question asks. The answer comes from the recording.
function prints(side) {
  const start = sides[side].steps[steps[now].at[side]].out;
  let i = now + 1;
  while (i < steps.length && !steps[i].event)
    i++;
  return sides[side].steps[steps[i - 1].at[side]].out > start;
}

const shouldAsk = () => $("predict").checked && steps[now].event &&
  !asked.has(now);

function ask() {
  const names = sides.map((recording) => recording.name);
  const truth = sides.map((_, side) => prints(side));
  const answers = names.length === 1
    ? [["yes", [true]], ["no", [false]]]
    : [[names[0] + " alone", [true, false]], [names[1] + " alone", [false, true]],
      ["both", [true, true]], ["neither", [false, false]]];
  const box = $("question");
  pause();
  asked.add(now);
  box.replaceChildren(make("strong", "Predict: who prints something about it " +
    "before the next client does anything? "));
  for (const [label, meaning] of answers) {
    const button = make("button", label);
    button.type = "button";
    button.addEventListener("click", () => {
      const right = (m) => m.every((value, i) => value === truth[i]);
      box.dataset.answered = "yes";
      [...box.querySelectorAll("button")].forEach((other, i) =>
        other.classList.toggle("right", right(answers[i][1])));
      if (!right(meaning))
        button.classList.add("wrong");
      box.append(make("span", right(meaning) ? " Yes. Go on, and see why."
        : " No. Go on, and see why."));
    }, {once: true});
    box.append(button);
  }
  delete box.dataset.answered;
  box.hidden = false;
  box.querySelector("button").focus();
}

function hideQuestion() {
  $("question").hidden = true;
}

// --- The page ------------------------------------------------------------------------

function choose(names) {
  pause();
  asked = new Set();
  sides = names.map((name) =>
    recordings.find((r) => r.name === name || r.name.startsWith(name + "/")))
    .filter(Boolean);
  if (!sides.length)
    sides = recordings.slice(0, 2);
  sides = [...new Set(sides)].slice(0, 2);
  $("sides").replaceChildren();
  for (const recording of sides) {
    const copy = $("side").content.cloneNode(true);
    recording.element = copy.querySelector("article");
    recording.bytes = new TextEncoder().encode(recording.output);
    copy.querySelector("h2").textContent = recording.name;
    $("sides").append(copy);
  }
  $("left").value = sides[0].name;
  $("right").value = sides[1] ? sides[1].name : "";
  $("scenario").textContent = sides[0].scenario;
  merge();
  showSources();
  $("position").max = steps.length - 1;
  if ($("all").open)
    fillTable();
}

function fillTable() {
  $("all").querySelector("tbody").replaceChildren(...steps.map((step, number) => {
    const row = make("tr");
    const link = make("a", String(number));
    const state = sides[step.who ?? 0].steps[step.at[step.who ?? 0]];
    link.href = address(number);
    row.dataset.step = number;
    const cells = [link, `${step.k} + ${step.t.toFixed(1)}`,
      step.who === null ? state.who : sides[step.who].name,
      number ? state.call : "", words(number)[0]];
    for (const cell of cells) {
      const data = make("td");
      data.append(cell);
      row.append(data);
    }
    return row;
  }));
  show(now);
}

// "#poll,epoll/at=b-sent" or "#poll/step=17".
function follow() {
  const [names, where = ""] = decodeURIComponent(location.hash.slice(1)).split(/\/(?=at=|step=)/);
  choose(names ? names.split(",") : []);
  const [kind, value] = where.split("=");
  const number = kind === "at" ? steps.findIndex((step) => step.event === value)
    : Number(value) || 0;
  go(Math.max(0, number));
}

function swapTheme() {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
}

function toggleHelp() {
  $("keys").hidden = !$("keys").hidden;
  $("help").setAttribute("aria-expanded", String(!$("keys").hidden));
}

const keys = {
  " ": play,
  ",": () => go(now - 1),
  ".": forward,
  "ArrowLeft": () => go(now - 1),
  "ArrowRight": forward,
  "[": () => go(eventFrom(now - 1, -1)),
  "]": () => go(eventFrom(now + 1, 1)),
  "Home": () => go(0),
  "End": () => go(steps.length - 1),
  "p": () => $("predict").click(),
  "t": () => { $("all").open = !$("all").open; },
  "w": () => $("words").scrollIntoView(),
  "d": swapTheme,
  "?": toggleHelp,
};

function pressed(event) {
  const own = event.target.closest("select, input, button, summary, a");
  if (event.ctrlKey || event.altKey || event.metaKey ||
      (own && [" ", "Enter", "ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)))
    return; // the control's own key
  const digit = /^[0-9]$/.test(event.key);
  if (!digit && !keys[event.key])
    return;
  event.preventDefault();
  if (digit)
    go(Math.round((steps.length - 1) * Number(event.key) / 10));
  else
    keys[event.key]();
}

function start() {
  for (const id of ["left", "right"]) {
    if (id === "right")
      $(id).append(new Option("(none)", ""));
    for (const {name} of recordings)
      $(id).append(new Option(name, name));
    $(id).addEventListener("change", () => {
      const {event} = steps[eventFrom(now, -1)];
      choose([$("left").value, $("right").value].filter(Boolean));
      go(Math.max(0, steps.findIndex((step) => step.event === event)));
    });
  }
  const clicks = {play, back: keys[","], next: forward, "back-event": keys["["],
    "next-event": keys["]"], help: toggleHelp, explain: keys["w"], theme: swapTheme};
  for (const [id, action] of Object.entries(clicks))
    $(id).addEventListener("click", action);
  $("position").addEventListener("input", () => go(Number($("position").value)));
  $("all").addEventListener("toggle", () => $("all").open && fillTable());
  document.addEventListener("keydown", pressed);
  addEventListener("hashchange", follow);
  addEventListener("resize", () => sides.forEach(scrollToLine));
  document.documentElement.dataset.theme =
    matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  follow();
}

start();
