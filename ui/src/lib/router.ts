// The hash as a route: "#/history?type=auto_1h". Pure.

export const kPages = ["dashboard", "history", "predict", "forecast", "sign-in", "register"] as const;
export type Page = (typeof kPages)[number];

export interface Route {
  page: Page;
  query: URLSearchParams;
  known: boolean; // false: the hash named no page, this is the dashboard instead
}

export function parseHash(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const page = kPages.find((name) => name === path.replace(/\/$/, ""));
  return {
    page: page ?? "dashboard",
    query: new URLSearchParams(search),
    known: page !== undefined || path === "",
  };
}

export function hashOf(
  page: Page,
  query?: Record<string, string | null | undefined> | URLSearchParams,
): string {
  const search = new URLSearchParams();
  const entries = query instanceof URLSearchParams ? [...query] : Object.entries(query ?? {});
  for (const [name, value] of entries) if (value != null && value !== "") search.set(name, value);
  const text = search.toString();
  return `#/${page}${text ? `?${text}` : ""}`;
}

// Pages that work without a sign-in.
export function isOpen(page: Page): boolean {
  return page === "sign-in" || page === "register";
}

// Where to go after signing in: only a route of this page, never an address.
export function nextRoute(text: string | null): string {
  if (!text?.startsWith("#/")) return hashOf("dashboard");
  const route = parseHash(text);
  return route.known && !isOpen(route.page) ? text : hashOf("dashboard");
}
