// A row of the history as a person reads it. Rows hold what was sent and what was answered, of several kinds and of older
// versions: nothing is taken for granted. Pure.
import { formatCount, formatHours, humanise } from "./format";

export interface HistoryRow {
  id: number;
  type: string;
  input: Record<string, unknown>;
  result: Record<string, unknown>;
  ts: string;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function riskOf(row: HistoryRow): number | null {
  return number(row.result["risk_score"]) ?? number(row.result["anomaly_probability"]);
}

export function alarmOf(row: HistoryRow): boolean | null {
  const alarm = number(row.result["alarm"]);
  return alarm === null ? null : alarm === 1;
}

export function statusOf(row: HistoryRow): string {
  return text(row.result["status"]) ?? "ok";
}

// "forecast_3h" → "Forecast 3 h".
export function typeWords(type: string): string {
  const [, kind = type, hours] = /^([a-z]+)_(\d+(?:\.\d+)?)h$/.exec(type) ?? [];
  return hours === undefined ? humanise(kind) : `${humanise(kind)} ${formatHours(Number(hours))}`;
}

// The line of details: what it was made from, what was said.
export function detailsOf(row: HistoryRow): string {
  const parts: string[] = [];
  const observations = number(row.result["n_observations"]) ?? number(row.input["n_obs"]);
  if (observations !== null) parts.push(formatCount(observations, "observation"));
  const scenario = text(row.result["scenario"]) ?? text(row.input["scenario"]);
  if (scenario) parts.push(`scenario ${humanise(scenario).toLowerCase()}`);
  const imputed = row.result["imputed"];
  if (Array.isArray(imputed) && imputed.length > 0) parts.push(`${imputed.length} imputed`);
  const urgency = text(row.result["urgency"]);
  if (urgency) parts.push(`urgency ${urgency}`);
  const model = record(row.result["model"]);
  const name = text(model["name"]);
  const version = number(model["version"]);
  if (name) parts.push(version === null ? name : `${name} v${version}`);
  return parts.join(" · ");
}
