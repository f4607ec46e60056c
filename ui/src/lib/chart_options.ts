// What the page's time charts have in common.
import uPlot from "uplot";
import type { ChartColors } from "./chart_theme";
import { formatDate, formatMinute, formatTime } from "./time";

export const kChartFont = '12px "B612", system-ui, sans-serif';

// Hours, with the date under the first of each day; the first of all has none where the next day's would touch it.
export function timeLabels(splits: readonly number[], step: number, zone: string): string[] {
  const dates = splits.map((split) => formatDate(split * 1000, zone));
  return splits.map((split, i) => {
    if (step >= 86400) return dates[i] ?? "";
    const minute = step < 60 ? formatTime(split * 1000, zone) : formatMinute(split * 1000, zone);
    const crowded = i === 0 && splits.length > 1 && dates[0] !== dates[1];
    return dates[i] === dates[i - 1] || crowded ? minute : `${minute}\n${dates[i] ?? ""}`;
  });
}

export function timeAxis(colors: ChartColors, zone: string): uPlot.Axis {
  return {
    stroke: colors["ink-2"],
    font: kChartFont,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1, size: 4 },
    space: 64,
    size: 40,
    gap: 4,
    values: (_plot, splits, _axis, _space, step) => timeLabels(splits, step, zone),
  };
}

export function valueAxis(colors: ChartColors, text: (value: number) => string): uPlot.Axis {
  return {
    stroke: colors["ink-2"],
    font: kChartFont,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { show: false },
    size: 52,
    gap: 6,
    space: 32,
    values: (_plot, splits) => splits.map(text),
  };
}

export function zoneDate(zone: string): (seconds: number) => Date {
  return (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone);
}

// One colour below a height and another above it.
export function splitStroke(
  plot: uPlot,
  scale: string,
  at: number,
  below: string,
  above: string,
): CanvasGradient | string {
  const { top, height } = plot.bbox;
  const y = plot.valToPos(at, scale, true);
  if (!(height > 0) || !Number.isFinite(y)) return below;
  const share = Math.min(1, Math.max(0, (y - top) / height));
  const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
  gradient.addColorStop(0, above);
  gradient.addColorStop(share, above);
  gradient.addColorStop(share, below);
  gradient.addColorStop(1, below);
  return gradient;
}
