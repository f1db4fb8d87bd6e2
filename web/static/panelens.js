// What HTML cannot do alone: come back to the question with "/", keep the box in step with an
// example that was chosen, narrow a long list, copy a text. Everything else works without this file.
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

  document.addEventListener("input", (event) => {
    const list = document.getElementById(event.target.dataset.narrows);
    if (!list) return;
    const wanted = event.target.value.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
    let shown = 0;
    for (const item of list.children) {
      const text = item.textContent.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
      item.hidden = !text.includes(wanted) && !item.querySelector(":checked");
      if (!item.hidden) shown += 1;
    }
    event.target.closest("form").querySelector("[data-narrowed]").textContent = shown;
  });

  // Up and down walk through what was asked before; down from the latest is what was typed.
  let typed = "";
  let at = -1;
  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "question" || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const asked = [...document.querySelectorAll("#recent li")].map((item) => item.textContent);
    if (at < 0) typed = event.target.value;
    at = Math.max(-1, Math.min(asked.length - 1, at + (event.key === "ArrowUp" ? 1 : -1)));
    event.target.value = at < 0 ? typed : asked[at];
    event.preventDefault();
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "question") at = -1;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const recent = document.getElementById("recent");
    if (!recent || event.detail.xhr.status !== 200) return;
    const { elt, formData } = event.detail.requestConfig;
    const question = elt.contains(recent) ? formData.get("q").trim() : elt.dataset.question;
    if (!question) return;
    const item = document.createElement("li");
    item.textContent = question;
    for (const old of [...recent.children]) if (old.textContent === question) old.remove();
    recent.prepend(item);
    at = -1;
  });

  // The columns and the order of the list are kept by whatever is opened next, also by a link that
  // was made before they were chosen. Only the list's own links choose anew.
  document.addEventListener("htmx:configRequest", (event) => {
    const [path, said] = event.detail.path.split("?");
    const kept = document.getElementById("kept");
    if (!kept || !["/", "/edit", "/change", "/columns"].includes(path)) return;
    const parameters = new URLSearchParams(said);
    for (const name of ["c", "s"]) {
      const input = kept.querySelector(`[name=${name}]`);
      parameters.delete(name);
      event.detail.formData.delete(name);
      if (input) parameters.set(name, input.value);
    }
    event.detail.path = parameters.size ? `${path}?${parameters}` : path;
  });

  // While a question is read: its place in the queue, which only gets better, and a way to cancel.
  let looking;
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = document.querySelector(".ask form");
    const [queue, cancel] = ["queue", "cancel"].map((id) => document.getElementById(id));
    if (!queue || event.target !== form) return;
    let place = Infinity;
    queue.textContent = "";
    cancel.hidden = false;
    clearInterval(looking);
    looking = setInterval(async () => {
      const answer = await fetch("/waiting").catch(() => null);
      if (!answer || !answer.ok) return;
      place = Math.min(place, (await answer.json()).waiting);
      queue.textContent = place > 1 ? `${queue.dataset.before} ${place - 1}` : "";
    }, 1000);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const cancel = document.getElementById("cancel");
    if (!cancel || event.target !== document.querySelector(".ask form")) return;
    clearInterval(looking);
    cancel.hidden = true;
  });
  document.addEventListener("click", (event) => {
    if (event.target.id === "cancel") htmx.trigger(".ask form", "htmx:abort");
  });

  // What is chosen last is what is shown: the answer that was still coming is not waited for. What
  // only tries again by itself gives way, also to a form that is being filled in, and tries later.
  const filling = "#editor > *, #columns > *, .verdict :focus, .verdict-lacking[open]";
  let awaited;
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target, xhr } = event.detail;
    if (target.id !== "result") return;
    if (elt.matches(".problem") && (awaited || document.querySelector(filling))) {
      event.preventDefault();
      return;
    }
    awaited?.abort();
    awaited = xhr;
    xhr.addEventListener("loadend", () => {
      if (awaited === xhr) awaited = undefined;
    });
  });

  // Parts of an answer that still come: each can be stopped and gone on with, and stops by itself
  // when another answer takes its place, as does another page of the list.
  const buttons = (part) => [".stop", ".again"].map((one) => part.querySelector(one));
  const mark = (part, stopped) => {
    const [stop, again] = buttons(part);
    part.classList.toggle("stopped", stopped);
    part.setAttribute("aria-busy", String(!stopped));
    stop.hidden = stopped;
    again.hidden = !stopped;
  };
  document.addEventListener("click", (event) => {
    const part = event.target.closest(".coming");
    const [stop, again] = part ? buttons(part) : [];
    if (!part || ![stop, again].includes(event.target)) return;
    const stopping = event.target === stop;
    htmx.trigger(part, stopping ? "htmx:abort" : "again");
    mark(part, stopping);
    (stopping ? again : stop).focus();
  });
  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    const part = event.target instanceof Element && event.target.matches(".coming, .who, #people");
    if (part) htmx.trigger(event.target, "htmx:abort");
  });

  // A server that cannot be reached has no words of its own, and a proxy answers for it with nothing:
  // it is told here, what is shown stays, and a part that was to come can be gone on with.
  const unreached = document.getElementById("unreached");
  const tell = (event) => {
    const part = event.detail.requestConfig.elt.closest(".coming");
    if (part) mark(part, true);
    if (!unreached.hidden) return;
    unreached.hidden = false;
    unreached.textContent = unreached.dataset.words;
    unreached.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:sendError", tell);
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { status, responseText } = event.detail.xhr;
    if (status < 502 || responseText) {
      unreached.hidden = true;
      return;
    }
    event.detail.shouldSwap = false;
    tell(event);
  });

  // What is away is told once for the whole answer: what else would fail is stopped.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "outage") return;
    for (const part of document.querySelectorAll(".coming, .who")) htmx.trigger(part, "htmx:abort");
  });

  // A profile opens beside the list. The dialog closes with Escape and gives the focus back itself.
  document.addEventListener("htmx:afterSwap", (event) => {
    const drawer = document.getElementById("drawer");
    if (event.target.id !== "drawer-body") return;
    if (!drawer.open) drawer.showModal();
    drawer.scrollTop = 0;
  });
  document.addEventListener("click", (event) => {
    if (event.target.id !== "drawer") return;
    // Its own margin is the dialog, too; so is where a text that was marked across it ends.
    if (event.clientX < event.target.getBoundingClientRect().left) event.target.close();
  });

  // Focus that was in what is replaced stays on what has the same id, which htmx sees to; what is
  // gone leaves it to the title.
  let within = false;
  document.addEventListener("htmx:beforeSwap", (event) => {
    within = event.detail.target.contains(document.activeElement);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const title = { result: "reading-title", people: "people-title" }[event.target.id];
    if (!title || !within || document.activeElement !== document.body) return;
    document.getElementById(title)?.focus({ preventScroll: true });
  });

  // The second click of a double click would keep a segment twice, or find nothing left to delete.
  let sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (sent.has(form)) event.preventDefault();
    sent.add(form);
  });
  addEventListener("pageshow", () => {
    sent = new WeakSet();
  });

  // What only works with this file is hidden until it has run. The list comes apart from its count,
  // whichever is first: then it says of how many.
  const show = () => {
    for (const told of document.querySelectorAll("#whole [data-tells]")) {
      const places = document.getElementsByClassName(told.dataset.tells);
      for (const place of places) place.textContent = told.textContent;
    }
    for (const line of document.querySelectorAll(".narrow")) line.hidden = false;
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("button.copy")) button.hidden = false;
  };
  const openers = {};
  document.addEventListener("htmx:afterSwap", (event) => {
    show();
    if (!["editor", "columns"].includes(event.target.id)) return;
    const opener = event.detail.requestConfig.elt;
    if (opener.isConnected) openers[event.target.id] = opener;
    const wanted = [".narrow input", "#find", "[type=number]", "#editor-text", "[type=checkbox]"];
    const first = wanted.map((one) => event.target.querySelector(one)).find((one) => one);
    if (first) first.focus();
  });
  const leave = (form) => {
    const left = form.contains(document.activeElement);
    form.replaceChildren();
    if (left) openers[form.id]?.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    for (const form of document.querySelectorAll("#result #editor, #columns")) leave(form);
  });
  document.addEventListener("click", (event) => {
    const form = event.target.closest(".leave")?.closest("#columns");
    if (!form) return;
    event.preventDefault();
    leave(form);
  });
  show();
})();
