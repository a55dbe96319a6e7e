// What the server found in a form, wrong or to be asked about, shown in the page that is open.
const errorOf = (field) => document.getElementById(`${field.id}_error`);

const unmark = (field) => {
  const described = (field.getAttribute("aria-describedby") || "").split(" ");
  const others = described.filter((id) => id !== `${field.id}_error`);
  errorOf(field)?.remove();
  field.classList.remove("is-invalid");
  field.removeAttribute("aria-invalid");
  field.setAttribute("aria-describedby", others.join(" "));
};

/* Takes away what was found before. */
export const clear = (form) => {
  for (const notice of document.querySelectorAll("#errors, #asked, #error_id_teeth")) {
    notice.remove();
  }
  form.querySelectorAll(".is-invalid").forEach(unmark);
};

const open = (part) => part.closest("details")?.setAttribute("open", "");

const mark = (field, theirs, error) => {
  field.classList.add("is-invalid");
  for (const name of ["aria-invalid", "aria-describedby"]) {
    field.setAttribute(name, theirs.getAttribute(name));
  }
  if (error) field.after(error);
  open(field);
};

const markFields = (form, answer) => {
  for (const theirs of answer.querySelectorAll("form .is-invalid")) {
    const field = document.getElementById(theirs.id);
    const error = answer.getElementById(`${theirs.id}_error`);
    if (form.contains(field)) mark(field, theirs, error);
  }
  const chart = form.querySelector("[data-tooth-chart]");
  const ofTeeth = answer.getElementById("error_id_teeth");
  if (!chart || !ofTeeth) return;
  chart.prepend(ofTeeth);
  open(chart);
};

/* Whether there is something in a page of the server that show() can show. */
export const says = (answer) => Boolean(answer.querySelector("#errors, #asked"));

/* Shows what stands in `answer`, the page that the server would have opened. */
export const show = (form, answer) => {
  clear(form);
  markFields(form, answer);
  // By it the server knows what "Send anyway" is the answer to.
  form.querySelector("[name=asked]")?.remove();
  const asked = answer.querySelector("form [name=asked]");
  if (asked) form.prepend(asked);
  const notice = answer.querySelector("#errors, #asked");
  form.before(notice);
  notice.focus();
};
