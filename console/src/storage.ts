/** What GraphiQL may keep in the browser: everything but headers, which hold secrets. */

interface Kept {
  readonly length: number;
  clear(): void;
  getItem(key: string): string | null;
  removeItem(key: string): void;
  setItem(key: string, value: string): void;
}

/** GraphiQL keeps headers alone, in its tabs and in its history, whatever its own switch says. */
function withoutHeaders(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHeaders);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== "headers");
  return Object.fromEntries(kept.map(([key, part]) => [key, withoutHeaders(part)]));
}

function redacted(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? JSON.stringify(withoutHeaders(value)) : text;
  } catch {
    return text;
  }
}

export const storage: Kept = {
  get length() {
    return localStorage.length;
  },
  clear: () => localStorage.clear(),
  getItem: (key) => localStorage.getItem(key),
  removeItem: (key) => localStorage.removeItem(key),
  setItem: (key, value) => {
    if (!key.endsWith(":headers")) localStorage.setItem(key, redacted(value));
  },
};
