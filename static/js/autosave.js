// Keeps what is typed on the server while the form is open: data-autosave is where to send it.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("form[data-autosave]").forEach((form) => {
    const status = form.querySelector("[data-autosave-status]");
    let timer = null;
    let sent = false;

    function token() {
      return (document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/) || [])[1] || "";
    }

    function say(text) {
      if (status) status.textContent = text;
    }

    async function save() {
      try {
        const answer = await fetch(form.dataset.autosave, {
          method: "POST",
          body: new FormData(form),
          headers: { "X-CSRFToken": token() },
        });
        if (sent) return;
        if (answer.ok) {
          const time = new Date().toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
          // 204, or a sentence about what is too long.
          say((await answer.text()) || `What you typed is kept (${time}).`);
          if (form.dataset.draftUrl) history.replaceState(null, "", form.dataset.draftUrl);
        } else if (answer.status === 401) {
          say("You are signed out. Press the button below: you sign in and go on where you were.");
        } else if (answer.status === 429) {
          say(await answer.text());
        } else {
          say("What you type cannot be kept now. Submit it, or copy it before you leave this page.");
        }
      } catch {
        say("No connection. What you typed is kept again as soon as it is back.");
      }
    }

    function soon() {
      clearTimeout(timer);
      timer = setTimeout(save, 800);
    }

    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    form.addEventListener("submit", () => {
      sent = true;
      clearTimeout(timer);
      // Signing in again in another tab gives a new token; the form must carry that one.
      const field = form.querySelector("input[name=csrfmiddlewaretoken]");
      if (field && token()) field.value = token();
    });
  });
});
