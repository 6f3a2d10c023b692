/** What the page asks the engine for itself: its schema, its roles, its problems, a token. */

import {
  buildClientSchema,
  getIntrospectionQuery,
  getNamedType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLSchema,
  type IntrospectionQuery,
} from "graphql";

const PATH = "/v1/graphql";
const FEW = 4;
const TOKEN_FIELDS = ["access_token", "accessToken", "token"];

export type Headers = Record<string, string>;

interface Answer {
  data?: unknown;
  errors?: { message: string }[];
  error?: string;
}

async function post(path: string, body: unknown, headers: Headers): Promise<Answer> {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Answer;
}

/** The data of an answer; throws with the engine's own words where it refused. */
async function asked(query: string, headers: Headers, variables: unknown = {}): Promise<unknown> {
  const answer = await post(PATH, { query, variables }, headers);
  if (answer.errors?.[0]) throw new Error(answer.errors[0].message);
  return answer.data;
}

/** The schema as the one who asks sees it. */
export async function schemaFor(headers: Headers): Promise<GraphQLSchema> {
  return buildClientSchema((await asked(getIntrospectionQuery(), headers)) as IntrospectionQuery);
}

/** A query of the first table that this schema shows, or of nothing where it shows none. */
export function sampleOf(schema: GraphQLSchema): string {
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {});
  const lists = fields.filter((field) => isRows(field) && scalarsOf(field).length > 0);
  const first = lists[0];
  if (!first) return "{\n  __typename\n}\n";
  const limit = first.args.some((one) => one.name === "limit") ? "(limit: 10)" : "";
  const columns = scalarsOf(first).slice(0, FEW);
  return `{\n  ${first.name}${limit} {\n${columns.map((one) => `    ${one}\n`).join("")}  }\n}\n`;
}

function isRows(field: GraphQLField<unknown, unknown>): boolean {
  const type = isNonNullType(field.type) ? field.type.ofType : field.type;
  return isListType(type) && !field.args.some(isRequiredArgument);
}

function scalarsOf(field: GraphQLField<unknown, unknown>): string[] {
  const type = getNamedType(field.type);
  if (!isObjectType(type)) return [];
  const fields = Object.values(type.getFields());
  const plain = fields.filter((one) => isLeafType(getNamedType(one.type)));
  return plain.filter((one) => !one.args.some(isRequiredArgument)).map((one) => one.name);
}

/** Whether the schema has a mutation `login` that answers a token. */
export function canSignIn(schema: GraphQLSchema): boolean {
  return tokenField(schema) !== undefined;
}

function tokenField(schema: GraphQLSchema): string | undefined {
  const login = schema.getMutationType()?.getFields()["login"];
  const type = login && getNamedType(login.type);
  if (!login || !isObjectType(type)) return undefined;
  const names = login.args.map((one) => one.name);
  if (!names.includes("username") || !names.includes("password")) return undefined;
  return TOKEN_FIELDS.find((one) => one in type.getFields());
}

/** A token for a name and a password, by the project's own action `login`. */
export async function signedIn(
  schema: GraphQLSchema,
  username: string,
  password: string,
): Promise<string> {
  const field = tokenField(schema);
  if (!field) throw new Error("this project has no action `login`");
  const query = `mutation ($username: String!, $password: String!) {
    login(username: $username, password: $password) { ${field} }
  }`;
  const data = await asked(query, {}, { username, password });
  return (data as { login: Record<string, string> }).login[field] ?? "";
}

/** The engine's metadata; throws with its own words where it refuses. */
export async function metadataOf(headers: Headers): Promise<unknown> {
  const answer = await post("/v1/metadata", { type: "export_metadata", args: {} }, headers);
  if (answer.error) throw new Error(answer.error);
  return answer;
}

/** What the engine cannot serve, each as a sentence. */
export async function problemsOf(headers: Headers): Promise<string[]> {
  const body = { type: "get_inconsistent_metadata", args: {} };
  const answer = (await post("/v1/metadata", body, headers)) as {
    inconsistent_objects?: { name?: string; reason?: string }[];
  };
  return (answer.inconsistent_objects ?? []).map((one) => `${one.name}: ${one.reason}`);
}
