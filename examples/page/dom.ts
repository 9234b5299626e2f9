/** What is on the page, by its ids. */
const TOAST_MS = 5000;

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Do something when a button is pressed; returns what ends that. */
export function button(id: string, action: () => void): () => void {
  byId(id).addEventListener("click", action);
  return () => byId(id).removeEventListener("click", action);
}

export function press(id: string, on: boolean): void {
  byId(id).setAttribute("aria-pressed", String(on));
}

let toast: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  const place = byId("toast");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(toast);
  toast = setTimeout(() => place.classList.remove("shown"), TOAST_MS);
}
