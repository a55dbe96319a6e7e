// A form marked data-submit-once goes off once; its buttons say that it is on its way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-submit-once]") || event.defaultPrevented) return;
  if (form.dataset.onItsWay) {
    event.preventDefault();
    return;
  }
  form.dataset.onItsWay = "yes";
  const button = event.submitter || form.querySelector("[type=submit]");
  if (button) {
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.busy) button.textContent = button.dataset.busy;
  }
});
