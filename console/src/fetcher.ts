/** How the console speaks to the engine it is served by: HTTP, and a socket for subscriptions. */

import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

import type { Headers } from "./engine";

const PATH = "/v1/graphql";

/** A fetcher that asks as `who` says at that moment; what is typed into the header editor is added,
 * and never shows a secret. */
export function createFetcher(who: () => Headers): Fetcher {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const fetcher = createGraphiQLFetcher({
    url: PATH,
    wsClient: createClient({
      url: `${scheme}://${location.host}${PATH}`,
      connectionParams: () => ({ headers: who() }),
      lazyCloseTimeout: 0,
    }),
  });
  return (request, options) =>
    fetcher(request, { ...options, headers: { ...who(), ...options?.headers } });
}
