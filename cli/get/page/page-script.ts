/** What keys and buttons of a page of a batch do. */
export const PAGE_SCRIPT = `
const toggle = (name) => {
  const off = document.body.classList.toggle("no-" + name);
  document.querySelector('[data-toggle="' + name + '"]').setAttribute("aria-pressed", String(!off));
};
for (const button of document.querySelectorAll("[data-toggle]"))
  button.addEventListener("click", () => toggle(button.dataset.toggle));
const samples = [...document.querySelectorAll("article")];
const go = (by) => {
  const at = samples.indexOf(document.activeElement.closest("article"));
  const next = at < 0 ? (by > 0 ? 0 : samples.length - 1) : Math.min(samples.length - 1, Math.max(0, at + by));
  samples[next].focus();
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "l") toggle("label");
  else if (event.key === "b") toggle("box");
  else if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
});
`;
