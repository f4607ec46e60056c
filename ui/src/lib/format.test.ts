import { describe, expect, it } from "vitest";
import * as f from "./format";

describe("digitsFor", () => {
  it("shows a two-hundredth of the normal band", () => {
    expect(f.digitsFor(166.9, 282.8)).toBe(1);
    expect(f.digitsFor(104.1, 110.6)).toBe(2);
    expect(f.digitsFor(0, 100000)).toBe(0);
    expect(f.digitsFor(0, 0.001)).toBe(6);
  });
  it("falls back where the band is unknown or empty", () => {
    expect(f.digitsFor(null, 3)).toBe(2);
    expect(f.digitsFor(5, 5)).toBe(2);
  });
});

describe("formatNumber", () => {
  it("writes a real minus and no negative zero", () => {
    expect(f.formatNumber(-1.25, 1)).toBe("−1.3");
    expect(f.formatNumber(-0.001, 2)).toBe("0.00");
  });
  it("says that there is no value", () => {
    for (const none of [null, undefined, NaN, Infinity]) expect(f.formatNumber(none)).toBe("–");
  });
});

describe("formatShort", () => {
  it("keeps what tells a number apart", () => {
    expect(f.formatShort(340)).toBe("340");
    expect(f.formatShort(0.1 + 0.2)).toBe("0.3");
    expect(f.formatShort(-0.00001)).toBe("−1.00e−5");
  });
});

describe("formatPercent", () => {
  it("never rounds to certainty", () => {
    expect(f.formatPercent(0.00001)).toBe("<\u202f0.1\u202f%");
    expect(f.formatPercent(0.99999)).toBe(">\u202f99.9\u202f%");
    expect(f.formatPercent(0)).toBe("0.0\u202f%");
    expect(f.formatPercent(1)).toBe("100.0\u202f%");
    expect(f.formatPercent(0.1373)).toBe("13.7\u202f%");
  });
});

describe("formatSigned", () => {
  it("marks what raises", () => {
    expect(f.formatSigned(0.1)).toBe("+0.100");
    expect(f.formatSigned(-0.1)).toBe("−0.100");
    expect(f.formatSigned(0.0001)).toBe("0.000");
  });
});

describe("formatDuration", () => {
  it("names the two largest units", () => {
    expect(f.formatDuration(900)).toBe("1\u202fs");
    expect(f.formatDuration(59_400)).toBe("59\u202fs");
    expect(f.formatDuration(8_100_000)).toBe("2\u202fh 15\u202fmin");
    expect(f.formatDuration(7_200_000)).toBe("2\u202fh");
    expect(f.formatDuration(273_600_000)).toBe("3\u202fd 4\u202fh");
    expect(f.formatDuration(-5)).toBe("0\u202fs");
  });
});

it("groups thousands and joins words", () => {
  expect(f.groupThousands(1234567)).toBe("1\u202f234\u202f567");
  expect(f.formatCount(1, "row")).toBe("1 row");
  expect(f.formatCount(2000, "row")).toBe("2\u202f000 rows");
  expect(f.joinWords([])).toBe("");
  expect(f.joinWords(["a", "b", "c"])).toBe("a, b and c");
  expect(f.humanise("pressure_rise")).toBe("Pressure rise");
});
