/** Who the user is, and what was opened, as this device remembers it. */
const COLORS = ["#b3422e", "#8a5a00", "#3d7317", "#0b6e5d", "#1c66a8", "#5b4fc4", "#97379c", "#ad2f62"];
const NAMES = ["Ash", "Birch", "Cedar", "Elm", "Hazel", "Linden", "Maple", "Rowan"];
const RECENT_MOST = 8;

const read = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch { // storage is turned off
    return null;
  }
};
const write = (key: string, value: string): void => {
  try {
    localStorage.setItem(key, value);
  } catch { // then it is forgotten
  }
};
const one = (from: string[]): string => from[Math.floor(Math.random() * from.length)]!;

export const me = { name: read("sennit-name") ?? one(NAMES), color: read("sennit-color") ?? one(COLORS) };

export function remember(): void {
  write("sennit-name", me.name);
  write("sennit-color", me.color);
}

export function recent(): string[] {
  return (read("sennit-recent") ?? "").split(" ").filter((name) => name !== "");
}

export function noteOpened(name: string): void {
  write("sennit-recent", [name, ...recent().filter((n) => n !== name)].slice(0, RECENT_MOST).join(" "));
}
