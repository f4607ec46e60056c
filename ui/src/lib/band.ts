// Where a value stands against its normal band, for the moving-analogue bars. Pure.

export type BandState = "low" | "normal" | "high" | "unknown";

export function bandState(value: number | null, low: number | null, high: number | null): BandState {
  if (value === null || !Number.isFinite(value)) return "unknown";
  if (low !== null && value < low) return "low";
  if (high !== null && value > high) return "high";
  return low === null && high === null ? "unknown" : "normal";
}

// 0…1 along a bar that shows half the band's width on either side of it: the band is from .25 to .75.
export function bandPlace(value: number, low: number, high: number): number {
  return Math.min(1, Math.max(0, 0.25 + (0.5 * (value - low)) / (high - low)));
}

// 0…1 along a gauge whose threshold stands in the middle, linear on either side: gauges of models with different
// thresholds are read against one line.
export function gaugePlace(value: number, threshold: number): number {
  const at = Math.min(1, Math.max(0, value));
  if (!(threshold > 0)) return at > 0 || threshold <= 0 ? 0.5 + at / 2 : 0.5;
  if (at < threshold || threshold >= 1) return Math.min(0.5, (0.5 * at) / threshold);
  return 0.5 + (0.5 * (at - threshold)) / (1 - threshold);
}
