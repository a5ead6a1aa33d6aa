"use strict";
// One user's story: two policies side by side, and a slider over the steps. Texts are set as text, never as HTML.

function element(kind, words, className = "") {
  const made = document.createElement(kind);
  made.textContent = words;
  if (className) made.className = className;
  return made;
}

function number(value) {
  return value.toLocaleString("en", { maximumFractionDigits: 1 });
}

function amount(value, unit) {
  const told = number(value);
  return `${told} ${told === "1" ? unit.replace(/s$/, "") : unit}`;
}

function earned(life, steps) {
  const shown = life.slates.slice(0, steps).flatMap((slate) => slate.shown);
  return shown.reduce((sum, item) => sum + item[2], 0);
}

function slateList(data, slate) {
  const list = element("ol", "", "slate");
  for (const [item, opened, engagement] of slate.shown) {
    const [title, topic] = data.items[item];
    const entry = element("li", "", opened ? "opened" : "");
    entry.append(element("span", title, "title"));
    const topics = topic ? [topic] : [];
    const taken = opened ? [`opened, ${amount(engagement, data.unit)}`] : [];
    entry.append(element("span", [...topics, ...taken].join(" · "), "about"));
    list.append(entry);
  }
  return list;
}

function interestList(data, interests) {
  const list = element("ul", "", "interests");
  data.topics.forEach((topic, place) => {
    const entry = element("li", `${topic} ${interests[place].toFixed(2)}`);
    const bar = element("span", "", "bar");
    bar.style.width = `${100 * Math.max(0, Math.min(1, interests[place]))}%`;
    entry.append(bar);
    list.append(entry);
  });
  return list;
}

function show(place, data, life, step) {
  const slate = life.slates[step - 1];
  const there = Math.min(step, life.slates.length);
  const total = `${amount(earned(life, there), data.unit)} so far`;
  place.replaceChildren(element("h4", life.policy));
  if (!slate) {
    place.append(element("p", `Gone for good after step ${life.slates.length}; ${total}.`, "gone"));
    return;
  }
  const visits = life.slates[life.slates.length - 1].session > 1; // some worlds know one only
  const when = visits ? `Visit ${slate.session}, day ${Math.floor(slate.hours / 24) + 1}; ` : "";
  place.append(element("p", `${when}${total}.`), slateList(data, slate));
  const interests = life.interests[step - 1];
  if (interests) place.append(element("h5", "Interests before this step"), interestList(data, interests));
}

for (const story of document.querySelectorAll("[data-story]")) {
  const data = JSON.parse(document.getElementById(story.dataset.story).textContent);
  const slider = story.querySelector("input");
  const draw = () => {
    const step = Number(slider.value);
    story.querySelector("output").textContent = `${step} of ${slider.max}`;
    for (const chosen of story.querySelectorAll("select")) {
      const place = story.querySelector(`[data-life="${chosen.dataset.side}"]`);
      show(place, data, data.lives[Number(chosen.value)], step);
    }
  };
  story.addEventListener("input", draw);
  draw();
}
