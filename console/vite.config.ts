import { defineConfig } from "vite";

// Built into the Python package, so that users need no node. Names are hashed: assets never change.
export default defineConfig({
  base: "/console/",
  build: {
    outDir: "../rowgate/http/console_static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 3000,
    sourcemap: false,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/v1": { target: "http://127.0.0.1:8080", ws: true } } },
});
