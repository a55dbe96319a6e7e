// A document for the modules of static/js, which look for their elements when they are loaded.
import { parseHTML } from "linkedom";

/* Makes the page that the next import sees; what linkedom lacks, a test gives in `more`. */
export const page = (body, more = {}) => {
  const window = parseHTML(`<!doctype html><html><body>${body}</body></html>`);
  const { document, Event, CustomEvent, DOMParser } = window;
  Object.defineProperty(document, "cookie", { value: "", writable: true, configurable: true });
  const addEventListener = (...rest) => window.addEventListener(...rest);
  const localStorage = storage();
  const own = { document, Event, CustomEvent, DOMParser, localStorage, addEventListener };
  Object.assign(globalThis, { window, ...own });
  Object.assign(globalThis, more);
  return document;
};

export const storage = () => {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
    clear: () => kept.clear(),
  };
};

/* Tells an element (or the window) of an event; false when somebody prevented it. */
export const fire = (target, type, details = {}) => {
  const event = new Event(type, { bubbles: true, cancelable: true });
  for (const [name, value] of Object.entries(details))
    Object.defineProperty(event, name, { value });
  return target.dispatchEvent(event);
};

export const answer = (status, body = "", headers = { "Content-Type": "text/plain" }) =>
  new Response(status === 204 ? null : body, { status, headers });
