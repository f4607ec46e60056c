// The one sentence of the dashboard: what is coming, and until when. Pure.
import { formatHours, formatPercent, joinWords } from "./format";
import type { Kind } from "./kind";

export interface OutlookForecast {
  horizon_hours: number;
  probability: number;
  threshold: number;
  alarm: 0 | 1;
  status: "ok" | "stale" | "outside training range";
}

export interface OutlookInput {
  forecasts: readonly OutlookForecast[]; // the shortest horizon first; none: see reason
  knownAt: number; // plant time the forecasts were made at
  reason: string | null; // why there is none
  alarm: { began: number; rules: readonly string[] } | null;
  warning: { told: number; horizon_hours: number } | null; // the one that is on
  preparing: boolean; // the first models are being trained
}

export interface Outlook {
  kind: Kind;
  word: string; // the state in a word or two
  headline: string;
  detail: string;
  // Plant time until which the alarm is expected; null where none is.
  until: number | null;
  // Not to be relied on, and why; null where it is.
  doubt: string | null;
}

const kHourMs = 3_600_000;

function doubtOf(forecasts: readonly OutlookForecast[]): string | null {
  const doubted = forecasts.filter((forecast) => forecast.status !== "ok");
  if (doubted.length === 0) return null;
  const which =
    doubted.length === forecasts.length
      ? "The forecasts are"
      : `The forecast${doubted.length > 1 ? "s" : ""} for ${joinWords(doubted.map((f) => formatHours(f.horizon_hours)))} ${doubted.length > 1 ? "are" : "is"}`;
  return doubted.some((forecast) => forecast.status === "stale")
    ? `${which} made from stale readings: do not rely on them.`
    : `${which} made from values outside what the models were trained on: do not rely on them.`;
}

export function outlookOf(input: OutlookInput): Outlook {
  const { forecasts, alarm, warning } = input;
  const doubt = doubtOf(forecasts);
  const above = forecasts.find((forecast) => forecast.alarm === 1);
  const longest = forecasts[forecasts.length - 1];
  if (alarm)
    return {
      kind: "alarm",
      word: "Alarm",
      headline: "The plant is in alarm",
      detail: alarm.rules.length > 0 ? `Rule: ${alarm.rules.join("; ")}` : "",
      until: null,
      doubt,
    };
  if (above)
    return {
      kind: "warning",
      word: warning ? "Warning" : "Above threshold",
      headline: `Alarm likely within ${formatHours(above.horizon_hours)}`,
      detail: `Probability ${formatPercent(above.probability)}, threshold ${formatPercent(above.threshold)}`,
      until: input.knownAt + above.horizon_hours * kHourMs,
      doubt,
    };
  if (warning)
    return {
      kind: "warning",
      word: "Warning",
      headline: `Alarm possible within ${formatHours(warning.horizon_hours)} of the warning`,
      detail: "The forecasts are below their thresholds again; the warning stands until they stay there.",
      until: warning.told + warning.horizon_hours * kHourMs,
      doubt,
    };
  if (!longest)
    return {
      kind: "doubt",
      word: "No forecast",
      headline: input.preparing ? "The models are being prepared" : "There is no forecast",
      detail:
        input.reason ??
        (input.preparing ? "The plant is shown as it is; warnings begin when the models are ready." : ""),
      until: null,
      doubt: null,
    };
  return {
    kind: doubt ? "doubt" : "normal",
    word: doubt ? "In doubt" : "Normal",
    headline: `No alarm expected within ${formatHours(longest.horizon_hours)}`,
    detail: "Every forecast is below its threshold.",
    until: null,
    doubt,
  };
}
