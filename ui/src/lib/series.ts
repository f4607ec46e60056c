// Hours of the plant kept for the charts: at most `capacity` of them, ascending, without doubles. Holds numbers only, so that
// a page left open for days stays the size it is. Pure.

export class Series<T extends { time: number }> {
  private items: T[] = [];

  constructor(private readonly capacity: number) {}

  get all(): readonly T[] {
    return this.items;
  }

  get last(): T | undefined {
    return this.items[this.items.length - 1];
  }

  // Inserted by time; an item of the same time is replaced.
  add(item: T): void {
    const last = this.last;
    if (!last || item.time > last.time) this.items.push(item);
    else {
      const at = this.items.findIndex((other) => other.time >= item.time);
      this.items.splice(at, this.items[at]?.time === item.time ? 1 : 0, item);
    }
    if (this.items.length > this.capacity) this.items.splice(0, this.items.length - this.capacity);
  }

  merge(items: readonly T[]): void {
    for (const item of items) this.add(item);
  }

  clear(): void {
    this.items = [];
  }
}

export type Trend = "rising fast" | "rising" | "steady" | "falling" | "falling fast";

// From the last points' least-squares slope, as a share of the normal band an hour: a tenth of the band in an hour is a
// move, a quarter a fast one.
export function trendOf(
  times: readonly number[],
  values: readonly (number | null)[],
  span: number,
): Trend | null {
  const points: [number, number][] = [];
  times.forEach((time, i) => {
    const value = values[i];
    if (value != null && Number.isFinite(value)) points.push([time, value]);
  });
  if (points.length < 3 || !(span > 0)) return null;
  const meanTime = points.reduce((sum, [time]) => sum + time, 0) / points.length;
  const meanValue = points.reduce((sum, [, value]) => sum + value, 0) / points.length;
  let over = 0;
  let under = 0;
  for (const [time, value] of points) {
    over += (time - meanTime) * (value - meanValue);
    under += (time - meanTime) ** 2;
  }
  if (under === 0) return null;
  const share = ((over / under) * 3_600_000) / span;
  if (share >= 0.25) return "rising fast";
  if (share >= 0.1) return "rising";
  if (share <= -0.25) return "falling fast";
  return share <= -0.1 ? "falling" : "steady";
}
