/** The console: who is asking above, GraphiQL below; both edit the same headers. */

import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useRef, useState } from "react";

import { Identity } from "./Identity";
import { createFetcher } from "./fetcher";
import { storage } from "./storage";

const WELCOME = `# Ask as the role that the headers name; the schema follows them.
{
  __typename
}
`;

/** Milliseconds without a change after which the schema is asked for again. */
const SETTLED_AFTER = 600;

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_AFTER);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

export function Console() {
  const [headers, setHeaders] = useState("{}");
  const latest = useRef(headers);
  latest.current = headers;
  const settled = useSettled(headers);
  // A new fetcher makes GraphiQL ask for the schema again, now with the headers that settled.
  const fetcher = useMemo(() => createFetcher(() => latest.current), [settled]);
  return (
    <div className="console">
      <Identity headers={headers} onChange={setHeaders} />
      <GraphiQL
        fetcher={fetcher}
        headers={headers}
        onEditHeaders={setHeaders}
        defaultQuery={WELCOME}
        defaultEditorToolsVisibility="headers"
        isHeadersEditorEnabled
        storage={storage}
        shouldPersistHeaders={false}
      />
    </div>
  );
}
