// A message can be put away by its button marked data-dismiss.
document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".alert").remove();
});
