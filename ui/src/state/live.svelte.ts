// The live connection: keeps the stream open while somebody is signed in, hands its events to the plant, the risk and the
// warnings, and after every interruption fetches what was missed, so that no chart has a gap.
import { ask, client, type Schemas } from "$api/client";
import { LiveStream, type LinkState } from "$lib/live_stream";
import { plant } from "./plant.svelte";
import { risk } from "./risk.svelte";
import { session } from "./session.svelte";
import { warnings } from "./warnings.svelte";

type Status = Schemas["StatusEvent"];

async function probe(): Promise<"ok" | "signed-out" | "away"> {
  const me = await ask(client.GET("/auth/me"), { signingIn: true });
  if (me.ok) return "ok";
  return me.problem.status === 401 ? "signed-out" : "away";
}

class Live {
  state = $state<LinkState>("connecting");
  since = $state(Date.now()); // of the state
  retryAt = $state<number | null>(null);
  status = $state.raw<Status | null>(null);
  // How far a gateway that is starting has got; null when it is ready.
  starting = $state.raw<{ stage: string; progress: number } | null>(null);
  private readyTimer: ReturnType<typeof setTimeout> | null = null;
  private readonly stream = new LiveStream({
    events: ["reading", "hour", "risk", "warning", "alarm", "status"],
    makeSource: () => new EventSource("live", { withCredentials: true }),
    probe,
    onState: (state, retryAt) => this.takeState(state, retryAt),
    onEvent: (name, data) => this.takeEvent(name, data),
    onSignedOut: () => session.end(),
  });

  // The plant's own alarm that is on.
  alarm = $state.raw<Schemas["AlarmEvent"] | null>(null);

  constructor() {
    addEventListener("online", () => this.stream.retry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.stream.retry();
    });
  }

  start(): void {
    this.stream.start();
  }

  stop(): void {
    this.stream.stop();
    if (this.readyTimer) clearTimeout(this.readyTimer);
    this.readyTimer = null;
    this.status = this.alarm = null;
    this.starting = null;
    plant.clear();
    risk.clear();
    warnings.clear();
  }

  retry(): void {
    this.stream.retry();
  }

  private takeState(state: LinkState, retryAt: number | null): void {
    // "Lost" is one state however often it tries.
    if (state !== this.state) this.since = Date.now();
    this.state = state;
    this.retryAt = retryAt;
    if (state === "open") {
      plant.forgetPace();
      void this.catchUp();
    }
  }

  // Everything the page shows, again; merged with what it has.
  private async catchUp(): Promise<void> {
    void this.watchStart();
    await Promise.all([this.loadStatus(), plant.load(), risk.load(), warnings.load()]);
    this.alarm = risk.newest?.alarm ?? this.alarm;
  }

  private async loadStatus(): Promise<void> {
    const reply = await ask(client.GET("/status"));
    if (!reply.ok) return;
    this.takeStatus(reply.data.status);
    if (reply.data.risk) this.takeRisk(reply.data.risk);
  }

  // While the gateway still waits for its first model: how far it is.
  private async watchStart(): Promise<void> {
    if (this.readyTimer) clearTimeout(this.readyTimer);
    this.readyTimer = null;
    const reply = await ask(client.GET("/ready"), { signingIn: true });
    if (reply.ok) {
      this.starting = null;
      return;
    }
    const { stage, progress } = reply.problem.body;
    if (reply.problem.status === 503 && typeof stage === "string" && typeof progress === "number")
      this.starting = { stage, progress };
    if (this.state === "open") this.readyTimer = setTimeout(() => void this.watchStart(), 1000);
  }

  private takeStatus(status: Status): void {
    const modelCame = this.status?.model === "no model" && status.model === "ok";
    this.status = status;
    if (modelCame) this.starting = null;
  }

  private takeEvent(name: string, data: string): void {
    const body: unknown = JSON.parse(data);
    switch (name) {
      case "reading":
        plant.takeReading(body as Schemas["ReadingEvent"]);
        break;
      case "hour":
        plant.takeHour(body as Schemas["HourEvent"]);
        break;
      case "risk":
        this.takeRisk(body as Schemas["RiskEvent"]);
        break;
      case "warning":
        warnings.take(body as Schemas["WarningEvent"]);
        break;
      case "alarm":
        this.takeAlarm(body as Schemas["AlarmEvent"]);
        break;
      case "status":
        this.takeStatus(body as Status);
    }
  }

  private takeRisk(point: Schemas["RiskEvent"]): void {
    risk.take(point);
    this.alarm = point.alarm;
  }

  private takeAlarm(alarm: Schemas["AlarmEvent"]): void {
    this.alarm = alarm.ended === null ? alarm : null;
  }
}

export const live = new Live();
