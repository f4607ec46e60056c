// Numbers and durations as a person reads them. Pure.

const kMinus = "\u2212";
export const kNone = "–"; // where there is no value

// Decimals that show a two-hundredth of the span: more would flicker, fewer would hide a drift.
export function digitsFor(low: number | null | undefined, high: number | null | undefined): number {
  if (low == null || high == null || !(high > low)) return 2;
  const digits = Math.ceil(-Math.log10((high - low) / 200));
  return Math.min(6, Math.max(0, digits));
}

export function formatNumber(value: number | null | undefined, digits = 2): string {
  if (value == null || !Number.isFinite(value)) return kNone;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", kMinus);
}

// As many digits as tell the number apart, at most `digits` significant ones: for values of unknown span.
export function formatShort(value: number | null | undefined, digits = 5): string {
  if (value == null || !Number.isFinite(value)) return kNone;
  if (value !== 0 && (Math.abs(value) >= 1e9 || Math.abs(value) < 1e-4))
    return value.toExponential(2).replaceAll("-", kMinus);
  return String(Number(value.toPrecision(digits))).replace("-", kMinus);
}

export function formatSigned(value: number | null | undefined, digits = 3): string {
  const text = formatNumber(value, digits);
  return value != null && Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

// A risk, probability or threshold of 0…1. Never rounds to certainty.
export function formatPercent(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return kNone;
  const percent = value * 100;
  if (percent > 0 && percent < 0.05) return "<\u202f0.1\u202f%";
  if (percent < 100 && percent >= 99.95) return ">\u202f99.9\u202f%";
  return `${percent.toFixed(1)}\u202f%`;
}

export function formatCount(value: number, one: string, many = `${one}s`): string {
  return `${groupThousands(value)} ${value === 1 ? one : many}`;
}

export function groupThousands(value: number): string {
  return String(Math.trunc(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

// The two largest units that matter: "45 s", "2 h 15 min", "3 d 4 h".
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds}\u202fs`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}\u202fmin`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours}\u202fh ${minutes % 60}\u202fmin` : `${hours}\u202fh`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${days}\u202fd ${hours % 24}\u202fh` : `${days}\u202fd`;
}

// A share of hours: "1 h", "6 h", "30 min".
export function formatHours(hours: number): string {
  return hours < 1 ? `${Math.round(hours * 60)}\u202fmin` : `${formatShort(hours, 4)}\u202fh`;
}

// "pressure_rise" → "Pressure rise": machine names where the API has no label.
export function humanise(name: string): string {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// "a", "a and b", "a, b and c".
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1] ?? ""}`;
}
