import { describe, expect, it } from "vitest";
import { outlookOf, type OutlookForecast, type OutlookInput } from "./outlook";

const forecast = (
  hours: number,
  alarm: 0 | 1,
  status: OutlookForecast["status"] = "ok",
): OutlookForecast => ({
  horizon_hours: hours,
  probability: alarm ? 0.6 : 0.01,
  threshold: 0.2,
  alarm,
  status,
});
const quiet: OutlookInput = {
  forecasts: [forecast(1, 0), forecast(3, 0), forecast(6, 0)],
  knownAt: 1000,
  reason: null,
  index: null,
  alarm: null,
  warning: null,
  preparing: false,
  lastKnown: false,
};

describe("outlookOf", () => {
  it("says that nothing is coming, and how far that reaches", () => {
    expect(outlookOf(quiet)).toMatchObject({
      kind: "normal",
      headline: "No alarm expected within 6\u202fh",
      until: null,
    });
  });
  it("says how far the forecasts together are from a warning", () => {
    expect(outlookOf({ ...quiet, index: 0.417 }).detail).toContain(
      "All together: 42\u202f% of what raises a warning",
    );
    expect(outlookOf(quiet).detail).toBe("Every forecast is below its threshold.");
  });
  it("speaks of the shortest horizon above its threshold, and until when", () => {
    const warning = { told: 0, horizon_hours: 6 };
    const outlook = outlookOf({
      ...quiet,
      warning,
      forecasts: [forecast(1, 0), forecast(3, 1), forecast(6, 1)],
    });
    expect(outlook).toMatchObject({
      kind: "warning",
      headline: "Alarm likely within 3\u202fh",
      until: 1000 + 3 * 3_600_000,
    });
  });
  it("does not cry wolf for one forecast above its threshold without a warning", () => {
    const outlook = outlookOf({ ...quiet, forecasts: [forecast(1, 0), forecast(3, 1), forecast(6, 0)] });
    expect(outlook).toMatchObject({ kind: "warning", raised: false, word: "Raised risk", until: null });
  });
  it("puts the plant's own alarm first", () => {
    const outlook = outlookOf({
      ...quiet,
      forecasts: [forecast(1, 1)],
      alarm: { began: 0, rules: ["a > 1"] },
    });
    expect(outlook).toMatchObject({ kind: "alarm", detail: "Rule: a > 1" });
  });
  it("keeps a warning that stands although the forecasts are below again", () => {
    expect(outlookOf({ ...quiet, warning: { told: 0, horizon_hours: 6 } })).toMatchObject({
      kind: "warning",
      until: 6 * 3_600_000,
    });
  });
  it("does not call the future normal without a forecast", () => {
    expect(outlookOf({ ...quiet, forecasts: [], reason: "no model" })).toMatchObject({
      kind: "doubt",
      detail: "no model",
    });
    expect(outlookOf({ ...quiet, forecasts: [], preparing: true }).headline).toContain("prepared");
  });
  it("does not call the future normal when what it knows is old, and keeps an alarm an alarm", () => {
    const old = outlookOf({ ...quiet, lastKnown: true });
    expect(old).toMatchObject({
      kind: "doubt",
      word: "Not live",
      detail: "Last known: no alarm expected within 6\u202fh.",
    });
    expect(outlookOf({ ...quiet, lastKnown: true, alarm: { began: 0, rules: [] } }).kind).toBe("alarm");
  });
  it("says which forecasts are not to be relied on", () => {
    const one = outlookOf({ ...quiet, forecasts: [forecast(1, 0, "stale"), forecast(3, 0)] });
    expect(one.kind).toBe("doubt");
    expect(one.doubt).toContain("for 1\u202fh is made from stale readings");
    const all = outlookOf({ ...quiet, forecasts: [forecast(1, 1, "outside training range")] });
    expect(all.kind).toBe("warning");
    expect(all.doubt).toContain("outside what the models were trained on");
  });
});
