// The plant as the page sees it: what it is, its clock, its newest reading and the hours behind it.
import { ask, client, type Reply, type Schemas } from "$api/client";
import { Problem } from "$api/problem";
import { Pace } from "$lib/pace";
import { Series, trendOf, type Trend } from "$lib/series";
import { parseTime } from "$lib/time";
import { clock } from "./page.svelte";

export type PlantInfo = Schemas["Plant"];
export type SensorMeta = Schemas["FeatureMeta"];
export type Scenario = Schemas["Scenario"] & { name: string };
type Reading = Schemas["Reading"];

const kHours = 60; // what the charts show
const kLeastSilenceMs = 1000;
const kShowMs = 1000;
const kActivationMs = 3000;

export interface Hour {
  time: number; // plant time, its start
  values: (number | null)[]; // in the order of the plant's sensors
}

class PlantState {
  info = $state.raw<PlantInfo | null>(null);
  problem = $state.raw<Problem | null>(null);
  reading = $state.raw<Reading | null>(null);
  scenarios = $state.raw<readonly Scenario[]>([]);
  scenario = $state<string | null>(null);
  // Counts changes of what history() gives.
  revision = $state(0);
  private newest: Reading | null = null;
  private hoursChanged = false;
  private activatedAt = 0;
  private readonly showing = new Pace(kShowMs, () => this.show());
  hoursLoaded = $state(false);
  private readonly hours = new Series<Hour>(kHours);

  // The plant's clock: a plant time, when the page knew it, and how fast it runs.
  private clockTime = $state(NaN);
  private clockAt = $state(0);
  secondsPerHour = $state(NaN);

  // Arrival of the newest reading, and the longest of the last intervals between two: what is silence is known from the
  // source's own pace.
  private arrivedAt = 0;
  private intervals: number[] = [];
  private pace = NaN;

  readonly sensors = $derived(this.info?.sensors ?? []);
  // Since when the source has been silent for longer than two of its scans; null while it is not.
  readonly silentSince = $derived.by(() => {
    const silence = clock.now - this.arrivedAt;
    if (this.arrivedAt === 0) return null;
    const pace = Number.isFinite(this.pace) ? this.pace : this.secondsPerHour * 1000;
    const limit = Math.max(kLeastSilenceMs, 2 * pace - 500); // the page looks every half second
    return Number.isFinite(limit) && silence > limit ? this.arrivedAt : null;
  });

  // The clock stands where it was last seen while the source is silent.
  readonly now = $derived(
    this.silentSince === null && this.secondsPerHour > 0
      ? this.clockTime + Math.max(0, clock.now - this.clockAt) * (3600 / this.secondsPerHour)
      : this.clockTime,
  );

  async load(): Promise<void> {
    const [info, live, history, scenarios] = await Promise.all([
      ask(client.GET("/plant")),
      ask(client.GET("/sensors/live")),
      ask(client.GET("/sensors/history", { params: { query: { n: kHours } } })),
      ask(client.GET("/scenarios")),
    ]);
    const failed = [info, live, history].find((reply) => !reply.ok);
    this.problem = failed ? failed.problem : null;
    if (info.ok) this.info = info.data;
    if (live.ok) {
      this.secondsPerHour = live.data.seconds_per_hour;
      this.scenario = live.data.scenario;
      this.setClock(parseTime(live.data.plant_time), Date.now());
      this.takeReading(live.data.reading);
    }
    if (history.ok && this.info) {
      this.hours.merge(history.data.readings.map((reading) => this.hourOf(reading)));
      this.hoursLoaded = true;
      this.revision++;
    }
    if (scenarios.ok) this.takeScenarios(scenarios.data);
  }

  // Scans may come many times a second; the eye is shown one a second.
  takeReading(reading: Reading): void {
    const arrived = Date.now();
    if (this.arrivedAt > 0) {
      this.intervals = [...this.intervals.slice(-7), arrived - this.arrivedAt];
      if (this.intervals.length >= 4) this.pace = Math.max(...this.intervals);
    }
    this.arrivedAt = arrived;
    this.newest = reading;
    this.showing.ask();
  }

  private show(): void {
    if (this.hoursChanged) this.revision++;
    this.hoursChanged = false;
    const reading = this.newest;
    if (!reading) return;
    this.reading = reading;
    this.takeScenario(reading.scenario);
    this.setClock(parseTime(reading.timestamp), this.arrivedAt);
  }

  takeHour(reading: Reading): void {
    if (!this.info) return;
    this.hours.add(this.hourOf(reading));
    this.hoursChanged = true;
    this.showing.ask();
  }

  // A pause that is the connection's fault says nothing about the source's pace.
  forgetPace(): void {
    this.intervals = [];
    this.arrivedAt = Date.now();
  }

  async activate(name: string): Promise<Reply<Schemas["Activated"]>> {
    const reply = await ask(client.POST("/scenarios/activate", { body: { name } }));
    if (!reply.ok) return reply;
    this.scenario = reply.data.active;
    this.activatedAt = Date.now();
    return reply;
  }

  // A reading from before an activation still names the scenario before it.
  private takeScenario(name: string): void {
    if (name !== this.scenario && Date.now() - this.activatedAt < kActivationMs) return;
    this.scenario = name;
  }

  indexOf(sensor: string): number {
    return this.sensors.findIndex((meta) => meta.name === sensor);
  }

  labelOf(name: string): string {
    const meta =
      this.sensors.find((m) => m.name === name) ?? this.info?.features.find((m) => m.name === name);
    return meta?.label ?? name;
  }

  metaOf(name: string): SensorMeta | undefined {
    return this.sensors.find((m) => m.name === name) ?? this.info?.features.find((m) => m.name === name);
  }

  valueOf(sensor: string): number | null {
    const value = this.reading?.[sensor];
    return typeof value === "number" ? value : null;
  }

  // The newest closed hours, oldest first.
  history(count: number): readonly Hour[] {
    return this.hours.all.slice(-count);
  }

  trend(sensor: string): Trend | null {
    const meta = this.metaOf(sensor);
    const index = this.indexOf(sensor);
    if (meta?.low == null || meta.high == null || index < 0) return null;
    const recent = this.history(5);
    return trendOf(
      recent.map((hour) => hour.time),
      recent.map((hour) => hour.values[index] ?? null),
      meta.high - meta.low,
    );
  }

  clear(): void {
    this.info = this.reading = this.newest = this.scenario = null;
    this.showing.cancel();
    this.scenarios = [];
    this.hours.clear();
    this.hoursLoaded = false;
    this.clockTime = NaN;
    this.arrivedAt = 0;
    this.intervals = [];
    this.revision++;
  }

  private setClock(time: number, at: number): void {
    if (!Number.isFinite(time)) return;
    this.clockTime = time;
    this.clockAt = at;
  }

  private takeScenarios(list: Schemas["Scenarios"]): void {
    this.scenario = list.active;
    this.scenarios = Object.entries(list.scenarios).map(([name, scenario]) => ({ name, ...scenario }));
  }

  private hourOf(reading: Reading): Hour {
    return {
      time: parseTime(reading.timestamp),
      values: this.sensors.map((meta) => {
        const value = reading[meta.name];
        return typeof value === "number" ? value : null;
      }),
    };
  }
}

export const plant = new PlantState();
