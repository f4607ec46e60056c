import { describe, expect, it } from "vitest";
import { Series, trendOf } from "./series";

describe("Series", () => {
  it("keeps order without doubles, whatever the order of arrival", () => {
    const series = new Series<{ time: number; v: string }>(10);
    series.merge([
      { time: 2, v: "b" },
      { time: 4, v: "d" },
      { time: 1, v: "a" },
      { time: 3, v: "c" },
      { time: 2, v: "B" },
    ]);
    expect(series.all.map((item) => item.v).join("")).toBe("aBcd");
    expect(series.last?.time).toBe(4);
  });
  it("drops the oldest beyond its capacity", () => {
    const series = new Series<{ time: number }>(3);
    for (let time = 0; time < 10; time++) series.add({ time });
    expect(series.all.map((item) => item.time)).toEqual([7, 8, 9]);
  });
});

describe("trendOf", () => {
  const hours = [0, 1, 2, 3].map((h) => h * 3_600_000);
  it("compares the slope with the normal band", () => {
    expect(trendOf(hours, [0, 3, 6, 9], 10)).toBe("rising fast");
    expect(trendOf(hours, [0, 1.5, 3, 4.5], 10)).toBe("rising");
    expect(trendOf(hours, [5, 5.2, 5.1, 5.3], 10)).toBe("steady");
    expect(trendOf(hours, [4.5, 3, 1.5, 0], 10)).toBe("falling");
    expect(trendOf(hours, [9, 6, 3, 0], 10)).toBe("falling fast");
  });
  it("says nothing from too few points or without a band", () => {
    expect(trendOf(hours, [1, null, null, 2], 10)).toBeNull();
    expect(trendOf(hours, [1, 2, 3, 4], NaN)).toBeNull();
  });
});
