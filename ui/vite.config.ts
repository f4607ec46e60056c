import { svelte } from "@sveltejs/vite-plugin-svelte";
import { pageExtras } from "./vite.page.ts";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// The gateway that `npm run dev` talks to.
const gateway =
  process.env["FOREWARN_GATEWAY"] ?? process.env["VITE_FRONTEND_API_URL"] ?? "http://127.0.0.1:7501";
const apiPaths = [
  "about",
  "auth",
  "infer",
  "history",
  "sensors",
  "scenarios",
  "warnings",
  "risk",
  "status",
  "plant",
  "presets",
  "models",
  "live",
  "health",
  "ready",
  "docs",
  "openapi.json",
];

export default defineConfig({
  // Relative, so that the page works at / and behind a proxy's prefix.
  base: "./",
  plugins: [svelte(), pageExtras()],
  resolve: {
    alias: {
      $lib: here("src/lib"),
      $state: here("src/state"),
      $api: here("src/api"),
      $components: here("src/components"),
    },
  },
  build: {
    outDir: process.env["FOREWARN_UI_OUT"] ?? here("../build/ui"),
    emptyOutDir: true,
    // The page's content security policy allows no data: scripts or fonts.
    assetsInlineLimit: 0,
    target: "es2022",
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: {
      // The gateway accepts a cookie's unsafe requests from its own origin only.
      [`^/(${apiPaths.join("|")})([./?]|$)`]: {
        target: gateway,
        changeOrigin: true,
        headers: { origin: gateway },
      },
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
