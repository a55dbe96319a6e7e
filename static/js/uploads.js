/*
 * Boxes marked data-uploads: chosen and dropped files start at once, three at a time, each with
 * its line in the list. kept_files.js shows what the server has already.
 */
(() => {
  const AT_ONCE = 3;
  const items = []; // { transfer, box, row }
  let counter = 0;
  const isPending = ({ transfer }) => !["failed", "done"].includes(transfer.state);

  const size = (bytes) => {
    const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(1024)), 4);
    const digits = power === 0 ? 0 : 1;
    return `${(bytes / 1024 ** power).toFixed(digits)} ${["bytes", "KB", "MB", "GB", "TB"][power]}`;
  };

  const timeLeft = (seconds) => {
    if (seconds === null) return "";
    if (seconds < 60) return `, ${Math.ceil(seconds)} s left`;
    if (seconds < 5400) return `, ${Math.ceil(seconds / 60)} min left`;
    return `, ${(seconds / 3600).toFixed(1)} h left`;
  };

  const words = (transfer) => {
    const total = size(transfer.file.size);
    const share = transfer.file.size ? Math.floor((100 * transfer.sent) / transfer.file.size) : 0;
    const speed = transfer.rate ? ` · ${size(transfer.rate)}/s${timeLeft(transfer.secondsLeft)}` : "";
    const news = transfer.news && ` · ${transfer.news}`;
    return {
      queued: `${total} · Waiting for its turn`,
      sending: `${total} · ${share} %${speed}${news}`,
      waiting: `${total} · ${share} % · Waiting for the connection, nothing is lost`,
      paused: `${total} · ${share} % · Paused`,
      failed: `${total} · ${transfer.reason}`,
      done: `${total} · Arrived`,
    }[transfer.state];
  };

  const say = (box, text) => {
    box.querySelector("[data-upload-news]").textContent = text;
  };

  const show = ({ transfer, row }) => {
    const { state } = transfer;
    row.className = `upload-item is-${state}`;
    row.querySelector("[data-words]").textContent = words(transfer);
    row.querySelector("progress").value = transfer.file.size ? transfer.sent / transfer.file.size : 0;
    row.querySelector("[data-sign-in]").hidden = !transfer.signedOut;
    const start = row.querySelector("[data-do=start]");
    const pause = row.querySelector("[data-do=pause]");
    const focused = [start, pause].includes(document.activeElement);
    start.hidden = !["paused", "failed"].includes(state);
    start.textContent = state === "failed" ? "Retry" : "Resume";
    pause.hidden = !start.hidden;
    if (focused) (start.hidden ? pause : start).focus();
  };

  const fill = () => {
    const busy = items.filter((i) => ["sending", "waiting"].includes(i.transfer.state));
    const next = items.find(({ transfer }) => transfer.state === "queued");
    // Its change of state comes back here for the one after it.
    if (next && busy.length < AT_ONCE) next.transfer.start();
  };

  const drop = (item) => {
    if (item.row.contains(document.activeElement)) item.box.querySelector("input").focus();
    item.row.remove();
    items.splice(items.indexOf(item), 1);
  };

  const changed = (item) => {
    const { transfer, box } = item;
    show(item);
    // Its address counts too: the list below then leaves it out.
    const now = `${transfer.state} ${transfer.url} ${transfer.news}`;
    if (item.shown === now) return;
    const before = item.shown || "";
    item.shown = now;
    if (transfer.state === "sending" && /^(waiting|failed)/.test(before)) say(box, "It goes on.");
    if (transfer.state === "done") {
      drop(item);
      say(box, `${transfer.file.name} has arrived.`);
      box.dispatchEvent(new Event("uploads:stale"));
    }
    if (transfer.state === "waiting") say(box, "The connection is lost. Nothing else is.");
    if (transfer.state === "sending" && transfer.news !== (item.told || "")) {
      item.told = transfer.news;
      say(box, `${transfer.file.name}: ${transfer.news}`);
    }
    if (transfer.state === "failed") say(box, `${transfer.file.name}: ${transfer.reason}`);
    fill();
    document.dispatchEvent(new Event("uploads:changed"));
  };

  const describe = (item) => {
    const { row, box, transfer } = item;
    const name = row.querySelector("[data-name]");
    counter += 1;
    name.id = `upload-${counter}`;
    name.textContent = transfer.file.name;
    row.querySelector("progress").setAttribute("aria-labelledby", name.id);
    row.querySelector("[data-sign-in]").href = box.dataset.signIn;
    for (const button of row.querySelectorAll("[data-do]")) {
      button.setAttribute("aria-describedby", name.id);
      button.addEventListener("click", () => act(item, button.dataset.do));
    }
  };

  const add = (box, files) => {
    const { endpoint, form, answers } = box.dataset;
    const metadata = { form, answers, case: box.dataset.case || "" };
    for (const file of files) {
      const row = box.querySelector("template").content.firstElementChild.cloneNode(true);
      const item = { box, row };
      item.transfer = new Transfer(file, {
        endpoint,
        metadata,
        changed: () => changed(item),
        isTaken: (url) => items.some(({ transfer }) => transfer.url === url),
      });
      describe(item);
      items.push(item);
      box.querySelector("[data-upload-running]").append(row);
      show(item);
    }
    fill();
  };

  const act = async (item, what) => {
    if (what !== "remove") return item.transfer[what]();
    drop(item);
    await item.transfer.remove();
    say(item.box, `${item.transfer.file.name} is removed.`);
    item.box.dispatchEvent(new Event("uploads:stale"));
    fill();
    document.dispatchEvent(new Event("uploads:changed"));
  };

  const attach = (box) => {
    const input = box.querySelector("input[type=file]");
    const target = box.querySelector(".upload-box");
    input.addEventListener("change", () => {
      add(box, input.files);
      input.value = ""; // The same file may be chosen again.
    });
    target.addEventListener("dragover", (event) => {
      event.preventDefault();
      target.classList.add("is-over");
    });
    target.addEventListener("dragleave", () => target.classList.remove("is-over"));
    target.addEventListener("drop", (event) => {
      event.preventDefault();
      target.classList.remove("is-over");
      const dropped = [...event.dataTransfer.items].filter((entry) => entry.kind === "file");
      const files = dropped.filter((entry) => !entry.webkitGetAsEntry()?.isDirectory);
      add(box, files.map((entry) => entry.getAsFile()));
      if (files.length < dropped.length) {
        say(box, "A folder cannot be dropped here. Please choose the files in it, or one ZIP file.");
      }
      target.closest("form")?.dispatchEvent(new Event("change")); // As a chosen file does.
    });
  };

  document.querySelectorAll("[data-uploads]").forEach(attach);
  setInterval(() => items.forEach(({ transfer }) => transfer.tick()), 1000);
  addEventListener("offline", () => {
    items.filter((i) => i.transfer.state === "sending").forEach((i) => i.transfer.lost());
  });
  addEventListener("online", () => {
    items.filter((i) => i.transfer.state === "waiting").forEach((i) => i.transfer.again());
  });
  addEventListener("beforeunload", (event) => {
    if (items.some(isPending)) event.preventDefault();
  });

  window.uploads = {
    of: (form) => items.filter(({ box }) => box.closest("form") === form),
    isRunning: (id) => items.some(({ transfer }) => transfer.url.includes(id)),
    say,
  };
})();
