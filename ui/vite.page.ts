// What the built page needs beside its modules: icons that carry the number of active warnings, and a content security policy
// inside the page, so that it holds behind any proxy.
import type { Plugin } from "vite";

const kMost = 9; // above it the icon says "9+"

function icon(count: number): string {
  const text = count > kMost ? "9+" : String(count);
  const mark =
    count === 0
      ? `<path d="M16 5v12l7 5" fill="none" stroke="#dfe3e6" stroke-width="4" stroke-linecap="round"/>`
      : `<path d="M16 1 31 29H1Z" fill="#f2a900" stroke="#1a1300" stroke-width="2" stroke-linejoin="round"/>` +
        `<text x="16" y="26" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="${count > kMost ? 12 : 17}" fill="#1a1300">${text}</text>`;
  const ground = count === 0 ? `<circle cx="16" cy="16" r="15" fill="#2c3338"/>` : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${ground}${mark}</svg>\n`;
}

const icons = new Map(Array.from({ length: kMost + 2 }, (_, n) => [`icons/${n}.svg`, icon(n)]));

const kPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export function pageExtras(): Plugin {
  return {
    name: "forewarn-page",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const svg = icons.get((request.url ?? "").replace(/^\/|\?.*$/g, ""));
        if (!svg) {
          next();
          return;
        }
        response.setHeader("Content-Type", "image/svg+xml").end(svg);
      });
    },
    generateBundle() {
      for (const [fileName, source] of icons) this.emitFile({ type: "asset", fileName, source });
    },
    transformIndexHtml: {
      order: "post",
      handler: (html, context) =>
        context.server
          ? html // Vite's own development client needs more than the policy allows
          : {
              html,
              tags: [
                {
                  tag: "meta",
                  attrs: { "http-equiv": "Content-Security-Policy", content: kPolicy },
                  injectTo: "head-prepend",
                },
              ],
            },
    },
  };
}
