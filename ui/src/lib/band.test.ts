import { describe, expect, it } from "vitest";
import { bandPlace, bandState, gaugePlace } from "./band";

describe("bandState", () => {
  it("counts the band's ends as normal", () => {
    expect(bandState(1, 1, 2)).toBe("normal");
    expect(bandState(2.01, 1, 2)).toBe("high");
    expect(bandState(0.99, 1, 2)).toBe("low");
  });
  it("does not guess", () => {
    expect(bandState(null, 1, 2)).toBe("unknown");
    expect(bandState(5, null, null)).toBe("unknown");
    expect(bandState(5, null, 4)).toBe("high");
  });
});

it("places the band in the bar's middle half and stops at its ends", () => {
  expect(bandPlace(1, 1, 2)).toBe(0.25);
  expect(bandPlace(2, 1, 2)).toBe(0.75);
  expect(bandPlace(99, 1, 2)).toBe(1);
  expect(bandPlace(-99, 1, 2)).toBe(0);
});

it("keeps the threshold in the gauge's middle", () => {
  expect(gaugePlace(0.075, 0.075)).toBe(0.5);
  expect(gaugePlace(0, 0.3)).toBe(0);
  expect(gaugePlace(1, 0.3)).toBe(1);
  expect(gaugePlace(0.15, 0.3)).toBe(0.25);
  expect(gaugePlace(0.65, 0.3)).toBeCloseTo(0.75);
  expect(gaugePlace(0.9, 1)).toBeCloseTo(0.45);
  expect(gaugePlace(0, 0)).toBe(0.5);
});
