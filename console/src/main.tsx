import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import "graphiql/style.css";
import "./console.css";

import { Console } from "./Console";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);
