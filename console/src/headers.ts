/** The request headers as the header editor holds them: JSON text of an object of texts. */

export type Headers = Record<string, string>;

export const SECRET = "x-hasura-admin-secret";
export const ROLE = "x-hasura-role";
export const AUTHORIZATION = "authorization";

/** The headers in `text`; an empty object while the text is not (yet) such JSON. */
export function readHeaders(text: string | null | undefined): Headers {
  if (!text) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}

/** The value of a header, whatever its case. */
export function headerOf(headers: Headers, name: string): string {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? "";
}

/** `text` with the header `name` set to `value`, or without it where that is empty. */
export function withHeader(text: string | null | undefined, name: string, value: string): string {
  const others = Object.entries(readHeaders(text)).filter(([key]) => key.toLowerCase() !== name);
  const all = value === "" ? others : [...others, [name, value] as const];
  return JSON.stringify(Object.fromEntries(all), null, 2);
}
