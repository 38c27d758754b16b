/*
 * The web chat's behaviour: one list of messages, an outbox that survives a reload, and the event stream.
 * What does not live here: understanding what people write (the server) and how it looks (chat.css).
 * Every text enters the page through textContent; every message key is rendered once.
 */
const MAX_LENGTH = 2000, HINT_FROM = 1800; // characters
const STAMP_GAP = 10 * 60_000, ANSWER_WITHIN = 30_000; // milliseconds
const NEAR_BOTTOM = 64; // pixels
const OUTBOX = "bulixian.outbox", DRAFT = "bulixian.draft"; // places in the browser's storage
const RECONNECTING = "正在重新连接…";
const SAFE_TYPES = /^(application\/json|text\/(plain|csv|markdown|calendar))\b/;

const $ = (id) => document.getElementById(id);
const scroller = $("scroller"), list = $("messages"), welcome = $("welcome"), typing = $("typing"), pill = $("pill");
const input = $("input"), send = $("send"), status = $("status"), counter = $("counter");

const items = new Map(); // message key → <li>
const queue = []; // what I said that the server has not answered yet, oldest first
let ready = false, pumping = false, atBottom = true; // ready: history is on the page
let cursor = 0; // last event id seen in history or on the stream; answers to POST do not move it
let stream = null, streamTries = 0, streamSince = 0, streamTimer = 0, typingTimer = 0;
let wake = () => {}; // ends the current wait before a retry

/* ---- building a message ---- */

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function makeMessage(message) {
  const item = make("li", ready ? "message fresh" : "message");
  item.dataset.from = message.from;
  item.dataset.at = message.at;
  if (message.key.startsWith("out:")) item.dataset.n = message.key.slice(4);
  item.append(makeSpeaker(message.from));
  const parts = message.parts || [{ kind: "say", text: message.text || "" }];
  for (const part of parts) item.append(...(part.kind === "paper" ? makePaper(part) : makeSay(part)));
  return item;
}

function makeSpeaker(from) {
  if (from !== "staff") return make("span", "unseen", from === "me" ? "我说：" : "不离线说：");
  const tag = make("span", "tag", "老师");
  tag.append(make("span", "unseen", "说："));
  return tag;
}

function makeSay({ text, choices = [], links = [] }) {
  const bubble = make("div", "bubble");
  if (text) bubble.append(make("p", "text", text));
  if (links.length) bubble.append(makeLinks(links));
  const nodes = bubble.hasChildNodes() ? [bubble] : [];
  return choices.length ? [...nodes, makeChoices(choices)] : nodes;
}

function makeLinks(links) {
  const box = make("ul", "links");
  for (const link of links) box.appendChild(make("li")).append(makeLink(link));
  return box;
}

function makeLink({ label, url }) {
  if (!/^(https?:\/)?\//i.test(url)) return make("span", "", label);
  const link = Object.assign(make("a"), { href: url, target: "_blank", rel: "noopener" });
  link.append(make("b", "", label), make("small", "", `${link.host} ↗`), make("span", "unseen", "（新窗口打开）"));
  return link;
}

function makeChoices(choices) {
  const box = make("div", "choices");
  for (const { label, value } of choices) {
    box.append(makeButton("", label, ({ currentTarget: button }) => button.tabIndex === 0 && say(label, value)));
  }
  return box;
}

function makeButton(className, label, action) {
  const button = make("button", className, label);
  button.type = "button";
  button.addEventListener("click", action);
  return button;
}

function makePaper({ name, media_type: type, content }) {
  const blob = new Blob([content || ""], { type: SAFE_TYPES.test(type) ? type : "application/octet-stream" });
  const link = Object.assign(make("a", "paper"), { href: URL.createObjectURL(blob), download: name });
  link.append(make("b", "", name), make("small", "", `点一下保存 · ${Math.ceil(blob.size / 1024)} KB`));
  const bubble = make("div", "bubble");
  bubble.append(link);
  return [bubble];
}

/* ---- the list ---- */

function add(message) {
  if (items.has(message.key)) return null;
  const item = makeMessage(message);
  items.set(message.key, item);
  const later = !message.late && item.dataset.n && [...list.children].find((other) => Number(other.dataset.n) > Number(item.dataset.n));
  list.insertBefore(item, later || null);
  return item;
}

function receive(messages) {
  const follow = atBottom;
  const fresh = messages.map(add).filter(Boolean);
  if (!fresh.length) return;
  refresh();
  pill.hidden = follow;
  if (follow) reveal(fresh[0]);
  if (document.hidden) document.title = "新消息 · 不离线";
}

function refresh() {
  welcome.hidden = !ready || list.hasChildNodes();
  stampTimes();
  freezeChoices();
}

function stampTimes() {
  let before = -Infinity;
  for (const old of list.querySelectorAll("time")) old.remove();
  for (const item of list.children) {
    const at = Date.parse(item.dataset.at);
    if (at - before > STAMP_GAP) item.prepend(make("time", "", timeLabel(new Date(at), new Date())));
    before = Math.max(before, at || before);
  }
}

function timeLabel(at, now) {
  const clock = `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return clock;
  if (days === 1) return `昨天 ${clock}`;
  const date = `${at.getMonth() + 1}月${at.getDate()}日 ${clock}`;
  return at.getFullYear() === now.getFullYear() ? date : `${at.getFullYear()}年${date}`;
}

/* Only the newest message with choices can be tapped, and only until I have said something after it. */
function freezeChoices() {
  let open = true;
  for (const item of [...list.children].reverse()) {
    if (item.dataset.from === "me" && item.dataset.state !== "failed") open = false;
    const buttons = [...item.querySelectorAll(".choices button")];
    for (const button of buttons) button.setAttribute("aria-disabled", String(!open));
    for (const button of buttons) button.tabIndex = open ? 0 : -1;
    if (buttons.length) open = false;
  }
}

/* ---- scrolling ---- */

function toBottom() {
  scroller.scrollTop = scroller.scrollHeight;
  noticeScroll();
}

/* To the end, but never past the first line of what is new. */
function reveal(item) {
  scroller.scrollTop = Math.min(item.offsetTop - 12, scroller.scrollHeight);
  noticeScroll();
}

function noticeScroll() {
  atBottom = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM;
  if (atBottom) pill.hidden = true;
}

/* The keyboard, a growing input or a new line changed the room: whoever was at the end stays there. */
function stayAtBottom() {
  if (atBottom && list.childElementCount) toBottom(); // a first visit begins with the top of the welcome
}

function fitScreen() {
  const view = window.visualViewport;
  if (view) document.documentElement.style.setProperty("--height", `${Math.round(view.height * view.scale)}px`);
}

/* ---- saying something ---- */

function say(text, choice) {
  const id = newId();
  const mine = { key: `in:${id}`, from: "me", at: new Date().toISOString(), id, text, choice };
  queue.push(mine);
  keep((waiting) => [...waiting, mine]);
  add(mine);
  refresh();
  toBottom();
  pump();
}

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
}

/* The outbox in storage is shared by all tabs, so it is changed, never overwritten. */
function keep(change) {
  remember("localStorage", OUTBOX, change(recall("localStorage", OUTBOX) || []));
}

/* Storage may be forbidden or full: then things last as long as this page. */
function recall(store, key) {
  try { return JSON.parse(window[store].getItem(key)); } catch { return null; }
}

function remember(store, key, value) {
  try { window[store].setItem(key, JSON.stringify(value)); } catch { /* see above */ }
}

/* Sends the queue one by one, oldest first, so that the server hears things in the order they were said. */
async function pump() {
  if (pumping || !ready) return;
  pumping = true;
  while (queue.length) {
    const mine = queue[0];
    const outcome = await deliver(mine);
    queue.shift();
    keep((waiting) => waiting.filter(({ id }) => id !== mine.id));
    if (outcome.refused) markFailed(mine, outcome.refused);
    else receive(outcome.messages);
  }
  pumping = false;
}

async function deliver(mine) {
  for (let attempt = 0; ; attempt += 1) {
    showTyping(true);
    const outcome = await post(mine);
    showTyping(false);
    mark(mine, outcome.retry ? "waiting" : "sent", outcome.retry ? "稍后自动发出" : "");
    status.textContent = outcome.retry || "";
    if (!outcome.retry) return outcome;
    await pause(outcome.seconds || backoff(attempt));
  }
}

async function post({ id, text, choice }) {
  try {
    const body = JSON.stringify({ id, text, choice });
    const answer = await request("/chat/messages", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (answer.ok) return { messages: answer.body.messages || [] };
    const { error, retry_after: seconds } = answer.body;
    if (answer.status >= 500 || [408, 425, 429].includes(answer.status)) return { retry: error || RECONNECTING, seconds };
    return { refused: error || "没有发出去，刷新页面再试一次" };
  } catch {
    return { retry: RECONNECTING };
  }
}

async function request(url, options) {
  const limit = new AbortController();
  setTimeout(() => limit.abort(), ANSWER_WITHIN); // after the answer this does nothing
  const response = await fetch(url, { ...options, cache: "no-store", signal: limit.signal });
  const body = response.ok ? await response.json() : await response.json().catch(() => ({}));
  return { ok: response.ok, status: response.status, body };
}

const backoff = (attempt) => Math.min(30, 2 ** attempt); // seconds

function pause(seconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    wake = () => { clearTimeout(timer); resolve(); };
  });
}

function mark({ key }, state, text) {
  const item = items.get(key);
  item.dataset.state = state;
  for (const old of item.querySelectorAll(".note, .redo")) old.remove();
  if (text) item.append(make("p", "note", text));
}

function markFailed(mine, reason) {
  mark(mine, "failed", reason);
  if (mine.choice === undefined) items.get(mine.key).append(makeButton("redo", "放回输入框改一改", () => rewrite(mine.text)));
  freezeChoices();
}

function showTyping(on) {
  clearTimeout(typingTimer);
  scroller.setAttribute("aria-busy", String(on));
  if (on) typingTimer = setTimeout(() => { typing.hidden = false; }, 250);
  else typing.hidden = true;
}

/* ---- the composer ---- */

function measure() {
  const length = [...input.value.trim()].length;
  const over = length - MAX_LENGTH;
  send.classList.toggle("idle", length === 0 || over > 0);
  counter.hidden = length < HINT_FROM;
  counter.classList.toggle("over", over > 0);
  counter.textContent = over > 0 ? `多了 ${over} 字，分成两条发就好` : `还能写 ${-over} 字`;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 2}px`;
  remember("sessionStorage", DRAFT, input.value);
}

function rewrite(text) {
  input.value = text;
  measure();
  input.focus();
}

function submit(event) {
  event.preventDefault();
  const text = input.value.trim();
  if (!text || [...text].length > MAX_LENGTH) return input.focus();
  rewrite("");
  say(text);
}

function submitOnEnter(event) {
  const composing = event.isComposing || event.keyCode === 229; // an input method is still choosing characters
  if (event.key === "Enter" && !event.shiftKey && !composing) submit(event);
}

/* ---- history and the event stream ---- */

async function start() {
  queue.push(...(recall("localStorage", OUTBOX) || []));
  queue.forEach(add);
  const history = await loadHistory();
  scroller.setAttribute("aria-live", "off"); // old messages are not news
  for (const message of history.messages) list.append(add(message) || items.get(message.key));
  const known = new Set(history.messages.map(({ key }) => key));
  for (const { key } of queue) if (!known.has(key)) list.append(items.get(key));
  ready = true;
  cursor = history.last || 0;
  refresh();
  stayAtBottom();
  scroller.setAttribute("aria-busy", "false");
  setTimeout(() => scroller.setAttribute("aria-live", "polite"), 500);
  openStream();
  pump();
}

async function loadHistory() {
  for (let attempt = 0; ; attempt += 1) {
    const { ok, body, status: code } = await request("/chat/history").catch(() => ({}));
    status.textContent = ok ? "" : (code === 401 && body.error) || RECONNECTING;
    if (ok) return body;
    await pause(backoff(attempt));
  }
}

function openStream() {
  clearTimeout(streamTimer);
  if (stream) stream.close();
  streamSince = Date.now();
  stream = new EventSource(`/chat/events?after=${cursor}`);
  stream.onmessage = (event) => {
    cursor = Math.max(cursor, Number(event.lastEventId) || 0);
    receive([JSON.parse(event.data)]);
  };
  stream.onerror = reopenLater;
}

function reopenLater() {
  stream.close();
  if (Date.now() - streamSince > 10_000) streamTries = 0;
  streamTimer = setTimeout(openStream, backoff(streamTries++) * 1000);
}

/* A phone that wakes up may hold a dead connection that looks alive: open a new one from the last id. */
function comeBack() {
  if (document.hidden) return;
  document.title = "不离线";
  wake();
  if (ready) openStream();
}

/* ---- wiring ---- */

$("composer").addEventListener("submit", submit);
input.addEventListener("keydown", submitOnEnter);
input.addEventListener("input", measure);
send.addEventListener("pointerdown", (event) => event.preventDefault()); // keep the phone's keyboard open
$("menu").addEventListener("click", () => say("菜单"));
for (const button of $("starters").querySelectorAll("button")) button.addEventListener("click", () => say(button.textContent));
pill.addEventListener("click", toBottom);
for (const part of [scroller, scroller.firstElementChild]) new ResizeObserver(stayAtBottom).observe(part);
scroller.addEventListener("scroll", noticeScroll, { passive: true });
(window.visualViewport || window).addEventListener("resize", fitScreen);
window.addEventListener("online", comeBack);
document.addEventListener("visibilitychange", comeBack);

fitScreen();
input.value = recall("sessionStorage", DRAFT) || "";
measure();
start();
