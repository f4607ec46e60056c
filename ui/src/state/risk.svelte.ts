// What the gateway's watch forecasts: the newest point whole, with every driver; the older ones as numbers for the chart.
import { ask, client, type Schemas } from "$api/client";
import { Problem } from "$api/problem";
import { Pace } from "$lib/pace";
import { Series } from "$lib/series";
import { parseTime } from "$lib/time";

export type RiskPoint = Schemas["RiskPoint"];
export type HorizonRisk = Schemas["HorizonRisk"];

export interface RiskHour {
  time: number; // plant time at which it could be known
  warning: boolean; // one was on
  alarm: boolean; // the plant was in alarm
  forecasts: { hours: number; probability: number; threshold: number }[];
}

const kHours = 600; // what the gateway keeps
const kShowMs = 1000;
const kHourMs = 3_600_000;
const kFirstHours = 72; // what is fetched at first: an hour with all its drivers is some kilobytes

class RiskState {
  newest = $state.raw<RiskPoint | null>(null);
  problem = $state.raw<Problem | null>(null);
  loaded = $state(false);
  revision = $state(0);
  // The horizon the dashboard speaks of; null: the one that matters most.
  chosen = $state<number | null>(null);
  private readonly hours = new Series<RiskHour>(kHours);
  private last: RiskPoint | null = null;
  private readonly showing = new Pace(kShowMs, () => this.show());
  private whole = false; // everything the gateway keeps is here

  readonly forecasts = $derived(this.newest?.forecasts ?? []);
  // The shortest horizon above its threshold, else the one nearest to it.
  readonly foremost = $derived.by(() => {
    const above = this.forecasts.find((forecast) => forecast.alarm === 1);
    if (above) return above;
    const share = (f: HorizonRisk) => f.probability / (f.threshold || 1);
    return this.forecasts.reduce<HorizonRisk | null>(
      (best, forecast) => (best === null || share(forecast) > share(best) ? forecast : best),
      null,
    );
  });
  readonly shown = $derived(
    this.forecasts.find((forecast) => forecast.horizon_hours === this.chosen) ?? this.foremost,
  );

  // At first the newest hours; later what came since the newest one that is here.
  async load(): Promise<void> {
    const last = this.hours.last;
    await this.fetch(last ? { since: new Date(last.time - kHourMs).toISOString() } : { limit: kFirstHours });
  }

  // For a chart of more than the first hours.
  async loadAll(): Promise<void> {
    if (!this.whole) this.whole = await this.fetch({ limit: kHours });
  }

  // Plant hours may come several times a second; the eye is shown one a second.
  take(point: RiskPoint): void {
    this.loaded = true;
    this.add(point);
    this.showing.ask();
  }

  history(): readonly RiskHour[] {
    return this.hours.all;
  }

  clear(): void {
    this.showing.cancel();
    this.newest = this.last = null;
    this.chosen = null;
    this.loaded = this.whole = false;
    this.hours.clear();
    this.revision++;
  }

  private async fetch(query: { since?: string; limit?: number }): Promise<boolean> {
    const reply = await ask(client.GET("/risk", { params: { query } }));
    this.problem = reply.ok ? null : reply.problem;
    if (!reply.ok) return false;
    this.loaded = true;
    for (const point of reply.data.points) this.add(point);
    this.show();
    return true;
  }

  private add(point: RiskPoint): void {
    const time = parseTime(point.known_at);
    const forecasts = point.forecasts.map((forecast) => ({
      hours: forecast.horizon_hours,
      probability: forecast.probability,
      threshold: forecast.threshold,
    }));
    this.hours.add({ time, forecasts, warning: point.warning !== null, alarm: point.alarm !== null });
    if (!this.last || time >= parseTime(this.last.known_at)) this.last = point;
  }

  private show(): void {
    this.newest = this.last;
    this.revision++;
  }
}

export const risk = new RiskState();
