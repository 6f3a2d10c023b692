/** The console: who is asking above, what is wrong below that, then GraphiQL. */

import { GraphiQL } from "graphiql";
import type { GraphQLSchema } from "graphql";
import { useEffect, useMemo, useRef, useState } from "react";

import { Who } from "./Who";
import { canSignIn, metadataOf, problemsOf, sampleOf, schemaFor, signedIn } from "./engine";
import { createFetcher } from "./fetcher";
import { NOBODY, headersOf, rolesOfMetadata, rolesOfToken, type Identity } from "./identity";
import { storage } from "./storage";

/** Milliseconds without a change after which the schema is asked for again. */
const SETTLED_AFTER = 600;
/** Milliseconds after which the engine is asked for its problems again. */
const LOOK_AGAIN = 5000;

function useSettled(value: Identity): Identity {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_AFTER);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** The schema that the one who asks sees, or why there is none. */
function useSchema(identity: Identity): { schema: GraphQLSchema | null; refusal: string } {
  const [found, setFound] = useState<{ schema: GraphQLSchema | null; refusal: string }>({
    schema: null,
    refusal: "",
  });
  useEffect(() => {
    let current = true;
    schemaFor(headersOf(identity)).then(
      (schema) => current && setFound({ schema, refusal: "" }),
      (error: Error) => current && setFound({ schema: null, refusal: error.message }),
    );
    return () => {
      current = false;
    };
  }, [identity]);
  return found;
}

/** Roles and problems, which only an admin may ask for. */
function useAdministration(secret: string): { roles: string[]; problems: string[] } {
  const [roles, setRoles] = useState<string[]>([]);
  const [problems, setProblems] = useState<string[]>([]);
  useEffect(() => {
    setRoles([]);
    setProblems([]);
    if (!secret) return;
    const headers = { "x-hasura-admin-secret": secret };
    const look = () => problemsOf(headers).then(setProblems, () => setProblems([]));
    metadataOf(headers).then(
      (metadata) => {
        setRoles(rolesOfMetadata(metadata));
        void look();
      },
      () => setRoles([]),
    );
    const timer = setInterval(look, LOOK_AGAIN);
    return () => clearInterval(timer);
  }, [secret]);
  return { roles, problems };
}

function Banner({ refusal, problems }: { refusal: string; problems: string[] }) {
  if (refusal) {
    return (
      <p className="banner" role="alert">
        The engine refuses: {refusal}
      </p>
    );
  }
  if (problems.length === 0) return null;
  const count = problems.length === 1 ? "1 object is" : `${problems.length} objects are`;
  return (
    <details className="banner" role="alert">
      <summary>{count} not served: {problems[0]}</summary>
      <ul>
        {problems.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </details>
  );
}

export function Console() {
  const [identity, setIdentity] = useState<Identity>(NOBODY);
  const settled = useSettled(identity);
  const latest = useRef(identity);
  latest.current = identity;
  const { schema, refusal } = useSchema(settled);
  const { roles, problems } = useAdministration(settled.secret);
  const [sample, setSample] = useState("");
  const [anonymous, setAnonymous] = useState<GraphQLSchema | null>(null);
  useEffect(() => {
    if (!schema) return;
    setSample((current) => current || sampleOf(schema));
    if (settled === NOBODY) setAnonymous(schema);
  }, [schema, settled]);
  // A new fetcher makes GraphiQL ask for the schema again, now as the one who settled.
  const fetcher = useMemo(() => createFetcher(() => headersOf(latest.current)), [settled]);
  const known = settled.token ? rolesOfToken(settled.token) : roles;
  return (
    <div className="console">
      <Who
        identity={identity}
        roles={known}
        onChange={setIdentity}
        signIn={
          anonymous && canSignIn(anonymous)
            ? async (username, password) => {
                const token = await signedIn(anonymous, username, password);
                setIdentity({ ...NOBODY, token });
              }
            : null
        }
      />
      <Banner refusal={refusal} problems={problems} />
      {sample ? (
        <GraphiQL
          fetcher={fetcher}
          schema={schema}
          defaultQuery={sample}
          isHeadersEditorEnabled
          storage={storage}
          shouldPersistHeaders={false}
        />
      ) : (
        <p className="hint">
          Give the admin secret or a token{anonymous && ", or sign in"}. The secret of{" "}
          <code>rowgate run</code> is HASURA_GRAPHQL_ADMIN_SECRET in the project's <code>.env</code>.
        </p>
      )}
    </div>
  );
}
