// Makes pages live: tells time as people do, asks before it acts, and shows what has changed.
"use strict";

const EACH = 2500;
const FAR = 30 * 86400;
const AT_LEAST = 60000;
const ask = document.getElementById("ask");
const news = document.getElementById("news");
const pulse = document.getElementById("pulse");
const UNKNOWN = "Slipway does not answer; this page may be old";
let asked = null;
let readAt = Date.now();

document.documentElement.classList.add("scripted");

const STEPS = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [Infinity, 86400, "day"]];
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function tellTimes() {
  for (const time of document.querySelectorAll("time")) {
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
    // What is far away is said better by its date.
    if (Math.abs(seconds) > FAR) continue;
    const [, unit, name] = STEPS.find(([most]) => Math.abs(seconds) < most);
    time.title ||= time.textContent;
    time.textContent = Math.abs(seconds) < 5 ? "just now" : words.format(Math.round(seconds / unit), name);
  }
}

function tellPulse(state, text) {
  pulse.className = state;
  pulse.title = text;
  pulse.setAttribute("aria-label", text);
}

function say(text) {
  news.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { news.textContent = ""; }, 6000);
}

function open(button) {
  const { about, text, required, choices } = button.dataset;
  const form = ask.querySelector("form");
  form.reset();
  // One key for one question: pressing twice asks once.
  asked = { button, key: crypto.randomUUID() };
  ask.querySelector("h2").textContent = about;
  ask.querySelector(".about").textContent = text ? "" : "This is done at once and noted with your name.";
  ask.querySelector(".fault").textContent = "";
  const choice = ask.querySelector(".choice");
  choice.hidden = !choices;
  choice.querySelector("select").replaceChildren(...JSON.parse(choices || "[]").map((one) => new Option(one, one)));
  const name = form.elements.name;
  name.required = button.dataset.name !== undefined;
  name.closest("label").hidden = !name.required;
  const area = form.elements.text;
  area.closest("label").hidden = !text;
  area.required = required !== undefined;
  area.previousElementSibling.textContent = label(text, area.required);
  const ok = form.querySelector("[type=submit]");
  ok.textContent = button.textContent;
  ok.className = button.classList.contains("danger") ? "main danger" : "main";
  ok.disabled = false;
  ask.showModal();
  (name.required ? name : text ? area : ok).focus();
}

function label(text, required) {
  const name = text === "comment" ? "Comment" : "Reason";
  return required ? name : `${name} (not required)`;
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  const { url, method, body, text, choice, name } = asked.button.dataset;
  const content = JSON.parse(body);
  if (text && form.elements.text.value.trim()) content[text] = form.elements.text.value.trim();
  if (choice) content[choice] = form.elements.choice.value;
  if (name) content[name] = form.elements.name.value.trim();
  const ok = form.querySelector("[type=submit]");
  ok.disabled = true;
  try {
    const answer = await fetch(url, {
      method,
      headers: { "Content-Type": "application/json", "Idempotency-Key": asked.key },
      body: JSON.stringify(content),
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.detail || answer.statusText);
    ask.close();
    say(said.outcome === "ignored" ? said.reason : `${asked.button.dataset.about}: done.`);
    await refresh();
  } catch (error) {
    ask.querySelector(".fault").textContent = error.message;
    ok.disabled = false;
  }
}

// What somebody types into the filter is not taken away by something that happens meanwhile.
const choosing = () => document.activeElement?.closest(".filter");

async function refresh() {
  const answer = await fetch(location.href);
  if (!answer.ok || ask?.open || choosing()) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const main = document.querySelector("main");
  for (const old of main.querySelectorAll("details[id]")) {
    const now = fresh.querySelector(`#${CSS.escape(old.id)}`);
    if (now) now.open = old.open;
  }
  const focused = document.activeElement?.dataset?.key;
  main.replaceWith(fresh);
  readAt = Date.now();
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  tellTimes();
}

async function look() {
  const main = document.querySelector("main");
  if (document.hidden || !main.dataset.watch || ask?.open || choosing()) return;
  try {
    const answer = await fetch(main.dataset.watch);
    if (!answer.ok) throw new Error(answer.status === 401 ? "You are signed out; reload this page" : UNKNOWN);
    const { mark } = await answer.json();
    if (mark !== main.dataset.mark || Date.now() - readAt > AT_LEAST) await refresh();
    tellPulse("live", "refreshed when something changes");
  } catch (error) {
    tellPulse("lost", error instanceof TypeError ? UNKNOWN : error.message);
  }
  tellTimes();
}

// An address may name a release, which lies closed where it has ended.
function openNamed() {
  const named = document.getElementById(location.hash.slice(1));
  if (named?.tagName === "DETAILS") named.open = true;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.classList.contains("call")) open(button);
  if (button?.dataset.close !== undefined) ask.close();
});
document.addEventListener("visibilitychange", look);
ask?.querySelector("form").addEventListener("submit", send);
addEventListener("hashchange", openNamed);
openNamed();
setInterval(look, EACH);
tellTimes();
look();
