// The gateway's stream of server-sent events, kept open. The browser's EventSource goes on by itself after a broken
// connection but gives up on an answer it does not like (a proxy's 502, a 503 at start-up, a 401), and a connection that has
// died silently looks alive; this heals all three. What was missed meanwhile is the caller's to fetch when `open` is told.

export type LinkState = "connecting" | "open" | "lost";

export interface EventSourceLike {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  addEventListener(name: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface LiveStreamOptions {
  events: readonly string[];
  makeSource: () => EventSourceLike;
  // Asked when the stream is refused or silent: "ok" (try again), "signed-out" (stop), "away".
  probe: () => Promise<"ok" | "signed-out" | "away">;
  onState: (state: LinkState, retryAt: number | null) => void;
  onEvent: (name: string, data: string) => void;
  onSignedOut: () => void;
  now?: () => number;
}

const kClosed = 2; // EventSource.CLOSED
const kSilenceMs = 15_000; // without any event, ask whether the gateway is there
const kDelaysMs = [500, 1000, 2000, 4000, 8000];

export class LiveStream {
  private source: EventSourceLike | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private silenceTimer: ReturnType<typeof setInterval> | null = null;
  private tries = 0;
  private lastEventAt = 0;
  private running = false;
  private readonly now: () => number;

  constructor(private readonly options: LiveStreamOptions) {
    this.now = options.now ?? Date.now;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.tries = 0;
    this.options.onState("connecting", null);
    this.connect();
    this.silenceTimer = setInterval(() => void this.checkSilence(), kSilenceMs / 3);
  }

  stop(): void {
    this.running = false;
    this.drop();
    if (this.silenceTimer) clearInterval(this.silenceTimer);
    this.silenceTimer = null;
  }

  // Now, instead of when the delay is over: the network came back, or somebody asked.
  retry(): void {
    if (!this.running || this.source?.readyState === 1) return;
    this.tries = 0;
    this.connect();
  }

  private drop(): void {
    if (this.retryTimer) clearTimeout(this.retryTimer);
    this.retryTimer = null;
    if (this.source) {
      this.source.onopen = this.source.onerror = null;
      this.source.close();
    }
    this.source = null;
  }

  private connect(): void {
    this.drop();
    const source = this.options.makeSource();
    this.source = source;
    this.lastEventAt = this.now();
    source.onopen = () => {
      this.tries = 0;
      this.lastEventAt = this.now();
      this.options.onState("open", null);
    };
    source.onerror = () => {
      if (this.source !== source) return;
      if (source.readyState === kClosed) void this.refused();
      else this.later();
    };
    for (const name of this.options.events)
      source.addEventListener(name, (event) => {
        if (this.source !== source) return;
        this.lastEventAt = this.now();
        this.options.onEvent(name, event.data);
      });
  }

  // Our own delays rather than the browser's, so that the page can say when it tries again.
  private later(): void {
    this.drop();
    const delay = kDelaysMs[Math.min(this.tries++, kDelaysMs.length - 1)] ?? 1000;
    this.options.onState("lost", this.now() + delay);
    this.retryTimer = setTimeout(() => this.connect(), delay);
  }

  private async refused(): Promise<void> {
    this.drop();
    const found = await this.options.probe();
    if (!this.running || this.source !== null) return;
    if (found === "signed-out") {
      this.stop();
      this.options.onSignedOut();
    } else this.later();
  }

  private async checkSilence(): Promise<void> {
    const source = this.source;
    if (source?.readyState !== 1 || this.now() - this.lastEventAt < kSilenceMs) return;
    const found = await this.options.probe();
    if (!this.running || this.source !== source) return;
    if (found === "signed-out") {
      this.stop();
      this.options.onSignedOut();
    } else if (found === "away") this.later();
  }
}
