/** Who asks: an admin secret or a token, a role, and session variables. Kept in memory alone. */

export interface Variable {
  name: string;
  value: string;
}

export interface Identity {
  secret: string;
  token: string;
  role: string;
  variables: Variable[];
}

export const NOBODY: Identity = { secret: "", token: "", role: "", variables: [] };

const PREFIX = "x-hasura-";

/** The request headers that say who asks. */
export function headersOf(identity: Identity): Record<string, string> {
  const headers: Record<string, string> = {};
  if (identity.secret) headers["x-hasura-admin-secret"] = identity.secret;
  if (identity.token) headers["authorization"] = `Bearer ${identity.token}`;
  if (identity.role) headers["x-hasura-role"] = identity.role;
  for (const { name, value } of identity.variables) {
    const key = name.trim().toLowerCase();
    if (key) headers[key.startsWith(PREFIX) ? key : PREFIX + key] = value;
  }
  return headers;
}

/** The claims of a token, unverified: only to show which roles it allows. */
function claimsOf(token: string): unknown {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(payload), (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** The roles that a token allows, wherever in its claims they stand. */
export function rolesOfToken(token: string): string[] {
  return [...new Set(allowed(claimsOf(token)))].sort();
}

function allowed(value: unknown): string[] {
  if (typeof value === "string" && value.startsWith("{")) {
    try {
      return allowed(JSON.parse(value));
    } catch {
      return [];
    }
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    key.toLowerCase() === "x-hasura-allowed-roles" && Array.isArray(part)
      ? part.filter((one): one is string => typeof one === "string")
      : allowed(part),
  );
}

/** The roles that metadata names, `admin` and inherited roles among them. */
export function rolesOfMetadata(metadata: unknown): string[] {
  const found = new Set<string>(["admin"]);
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      if ((key === "role" || key === "role_name") && typeof part === "string") found.add(part);
      walk(part);
    }
  };
  walk(metadata);
  return [...found].sort();
}
