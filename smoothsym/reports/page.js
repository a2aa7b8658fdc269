const filter = document.querySelector(".filter"), words = filter.querySelector("input[type=search]");
const short = filter.querySelector("input[type=checkbox]"), shown = filter.querySelector("output");
const audits = [...document.querySelectorAll(".audit")];
function apply() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const audit of audits) {
    const text = audit.querySelector("summary").textContent.toLowerCase();
    const kept = wanted.every(word => text.includes(word)) && !(short.checked && audit.dataset.holds);
    audit.hidden = !kept;
    count += kept;
  }
  shown.textContent = count + " of " + audits.length;
}
filter.style.display = "flex";
filter.addEventListener("input", apply);
apply();
