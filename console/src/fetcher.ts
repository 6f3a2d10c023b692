/** How the console speaks to the engine it is served by: HTTP, and a socket for subscriptions. */

import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

import { readHeaders } from "./headers";

const PATH = "/v1/graphql";

/** A fetcher whose sockets introduce themselves with the headers that `currentHeaders` gives. */
export function createFetcher(currentHeaders: () => string): Fetcher {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return createGraphiQLFetcher({
    url: PATH,
    wsClient: createClient({
      url: `${scheme}://${location.host}${PATH}`,
      connectionParams: () => ({ headers: readHeaders(currentHeaders()) }),
      lazyCloseTimeout: 0,
    }),
  });
}
