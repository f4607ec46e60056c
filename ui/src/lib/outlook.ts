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
  index: number | null; // the forecasts pooled: 1 is where the watch raises a warning
  alarm: { began: number; rules: readonly string[] } | null;
  warning: { told: number; horizon_hours: number } | null; // the one that is on
  preparing: boolean; // the first models are being trained
  lastKnown: boolean; // what is told here is not known to hold now: no connection, a silent plant
}

export interface Outlook {
  kind: Kind;
  raised: boolean; // an alarm or a warning is on: the panel may be loud
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

// How far the forecasts are, all of them together, from a warning.
function together(index: number | null): string {
  return index === null ? "" : `All together: ${Math.round(index * 100)}\u202f% of what raises a warning.`;
}

// What was quiet is not called so when nobody knows; what was alarming stays so.
export function outlookOf(input: OutlookInput): Outlook {
  const outlook = liveOutlook(input);
  if (!input.lastKnown || outlook.kind !== "normal") return outlook;
  return {
    ...outlook,
    kind: "doubt",
    word: "Not live",
    headline: "What is coming is not known",
    detail: `Last known: ${outlook.headline.toLowerCase()}.`,
  };
}

function liveOutlook(input: OutlookInput): Outlook {
  const { forecasts, alarm, warning } = input;
  const doubt = doubtOf(forecasts);
  const above = forecasts.find((forecast) => forecast.alarm === 1);
  const longest = forecasts[forecasts.length - 1];
  if (alarm)
    return {
      kind: "alarm",
      raised: true,
      word: "Alarm",
      headline: "The plant is in alarm",
      detail: alarm.rules.length > 0 ? `Rule: ${alarm.rules.join("; ")}` : "",
      until: null,
      doubt,
    };
  // A single forecast above its threshold is not yet a warning: the watch raises one by all of them together.
  if (above && !warning)
    return {
      kind: "warning",
      raised: false,
      word: "Raised risk",
      headline: `Risk above its threshold within ${formatHours(above.horizon_hours)}`,
      detail: `Probability ${formatPercent(above.probability)}, threshold ${formatPercent(above.threshold)}. ${together(input.index)}`,
      until: null,
      doubt,
    };
  if (above)
    return {
      kind: "warning",
      raised: true,
      word: "Warning",
      headline: `Alarm likely within ${formatHours(above.horizon_hours)}`,
      detail: `Probability ${formatPercent(above.probability)}, threshold ${formatPercent(above.threshold)}`,
      until: input.knownAt + above.horizon_hours * kHourMs,
      doubt,
    };
  if (warning)
    return {
      kind: "warning",
      raised: true,
      word: "Warning",
      headline: `Alarm possible within ${formatHours(warning.horizon_hours)} of the warning`,
      detail: "The forecasts are below their thresholds again; the warning stands until they stay there.",
      until: warning.told + warning.horizon_hours * kHourMs,
      doubt,
    };
  if (!longest)
    return {
      kind: "doubt",
      raised: false,
      word: "No forecast",
      headline: input.preparing ? "The models are being prepared" : "There is no forecast",
      detail: input.preparing
        ? "The plant is shown as it is; forecasts and warnings begin when the models are ready."
        : (input.reason ?? ""),
      until: null,
      doubt: null,
    };
  return {
    kind: doubt ? "doubt" : "normal",
    raised: false,
    word: doubt ? "In doubt" : "Normal",
    headline: `No alarm expected within ${formatHours(longest.horizon_hours)}`,
    detail: `Every forecast is below its threshold. ${together(input.index)}`.trim(),
    until: null,
    doubt,
  };
}
