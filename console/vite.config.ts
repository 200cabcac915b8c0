import { defineConfig } from "vite";

// Built by `npm run build:console`; `npm run dev:console` serves it with reloads, beside a service on its standard port.
export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that it works under whatever path a proxy gives it.
  base: "./",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    // A data: URL would need an exception in the page's content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/dbconn.v1.": "http://127.0.0.1:50050" } },
});
