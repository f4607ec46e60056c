import { describe, expect, it } from "vitest";
import { noAnswer, problemOf } from "./problem";

describe("problemOf", () => {
  it("says what the gateway says, with every fault by its pointer", () => {
    const problem = problemOf(422, {
      detail: "2 faults",
      errors: [{ pointer: "/password", detail: "too short" }, { pointer: 3 }, null],
    });
    expect(problem.message).toBe("2 faults");
    expect(problem.faults).toHaveLength(1);
    expect(problem.at("/password")).toBe("too short");
    expect(problem.at("/username")).toBeUndefined();
  });
  it("has words where the answer has none", () => {
    expect(problemOf(503, "<html>").message).toContain("not ready");
    expect(problemOf(418, undefined).message).toContain("418");
  });
  it("reads Retry-After in seconds only", () => {
    expect(problemOf(429, {}, "7").retryAfterSeconds).toBe(7);
    expect(problemOf(429, {}, "soon").retryAfterSeconds).toBeNull();
  });
});

it("tells silence from slowness", () => {
  expect(noAnswer(new TypeError("failed")).unreachable).toBe(true);
  expect(noAnswer(new DOMException("", "TimeoutError")).message).toContain("in time");
});
