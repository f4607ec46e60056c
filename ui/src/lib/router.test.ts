import { describe, expect, it } from "vitest";
import { hashOf, nextRoute, parseHash } from "./router";

describe("parseHash", () => {
  it("reads page and query", () => {
    const route = parseHash("#/history?type=auto_1h&before=12");
    expect(route.page).toBe("history");
    expect(route.query.get("type")).toBe("auto_1h");
    expect(route.known).toBe(true);
  });
  it("takes nothing for the dashboard and says when a page is unknown", () => {
    expect(parseHash("")).toMatchObject({ page: "dashboard", known: true });
    expect(parseHash("#/nowhere")).toMatchObject({ page: "dashboard", known: false });
  });
});

it("writes what it reads, without empty values", () => {
  expect(hashOf("history", { type: "auto 1h", from: "", to: null })).toBe("#/history?type=auto+1h");
  expect(parseHash(hashOf("history", { type: "a&b=c?" })).query.get("type")).toBe("a&b=c?");
});

it("goes on only to its own pages", () => {
  expect(nextRoute("#/history?type=x")).toBe("#/history?type=x");
  for (const wrong of [null, "https://elsewhere", "//elsewhere", "#/sign-in", "#/nowhere", "javascript:0"])
    expect(nextRoute(wrong)).toBe("#/dashboard");
});
