// What HTML cannot do alone: come back to the question with "/", keep the box in step with an
// example that was chosen, copy a text. Everything else works without this file.
(() => {
  const box = () => document.querySelector("#question, #wanted");

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = box();
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  document.addEventListener("click", async (event) => {
    const example = event.target.closest("[data-question]");
    if (example && box()) box().value = example.dataset.question;
    const button = event.target.closest("button.copy");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });

  const showCopyButtons = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("button.copy")) button.hidden = false;
  };
  document.addEventListener("htmx:afterSwap", showCopyButtons);
  showCopyButtons();
})();
