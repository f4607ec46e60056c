import { describe, expect, it } from "vitest";
import { alarmOf, detailsOf, riskOf, statusOf, typeWords, type HistoryRow } from "./history";

const row = (type: string, input: Record<string, unknown>, result: Record<string, unknown>): HistoryRow => ({
  id: 1,
  type,
  input,
  result,
  ts: "",
});

describe("a row of the history", () => {
  it("has a risk or a probability", () => {
    expect(riskOf(row("predict", {}, { risk_score: 0.4 }))).toBe(0.4);
    expect(riskOf(row("auto_1h", {}, { anomaly_probability: 0.2 }))).toBe(0.2);
    expect(riskOf(row("other", {}, { risk_score: "high" }))).toBeNull();
  });
  it("tells an alarm from none and from not known", () => {
    expect(alarmOf(row("predict", {}, { alarm: 1 }))).toBe(true);
    expect(alarmOf(row("predict", {}, { alarm: 0 }))).toBe(false);
    expect(alarmOf(row("predict", {}, {}))).toBeNull();
  });
  it("says what it was made from", () => {
    const result = {
      n_observations: 20,
      scenario: "multi_alarm",
      model: { name: "m", version: 2 },
      status: "stale",
    };
    expect(detailsOf(row("auto_1h", {}, result))).toBe("20 observations · scenario multi alarm · m v2");
    expect(statusOf(row("auto_1h", {}, result))).toBe("stale");
    expect(detailsOf(row("predict", {}, { imputed: ["a"], urgency: "high", model: null }))).toBe(
      "1 imputed · urgency high",
    );
    expect(detailsOf(row("predict", {}, {}))).toBe("");
  });
});

it("words the types", () => {
  expect(typeWords("predict")).toBe("Predict");
  expect(typeWords("forecast_3h")).toBe("Forecast 3\u202fh");
  expect(typeWords("auto_0.5h")).toBe("Auto 30\u202fmin");
  expect(typeWords("<b>")).toBe("<b>");
});
