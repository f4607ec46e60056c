import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveStream, type EventSourceLike, type LinkState } from "./live_stream";

class FakeSource implements EventSourceLike {
  readyState = 0;
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();
  addEventListener(name: string, listener: (event: MessageEvent<string>) => void) {
    this.listeners.set(name, listener);
  }
  close() {
    this.readyState = 2;
  }
  open() {
    this.readyState = 1;
    this.onopen?.({} as Event);
  }
  fail(closed: boolean) {
    this.readyState = closed ? 2 : 0;
    this.onerror?.({} as Event);
  }
  emit(name: string, data: string) {
    this.listeners.get(name)?.({ data } as MessageEvent<string>);
  }
}

let sources: FakeSource[];
let states: LinkState[];
let events: string[];
let signedOut: number;
let answer: "ok" | "signed-out" | "away";
let stream: LiveStream;
const newest = () => sources.at(-1) ?? new FakeSource();

beforeEach(() => {
  vi.useFakeTimers();
  sources = [];
  states = [];
  events = [];
  signedOut = 0;
  answer = "ok";
  stream = new LiveStream({
    events: ["reading"],
    makeSource: () => {
      sources.push(new FakeSource());
      return newest();
    },
    probe: () => Promise.resolve(answer),
    onState: (state) => states.push(state),
    onEvent: (name, data) => events.push(`${name}:${data}`),
    onSignedOut: () => signedOut++,
  });
});
afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

describe("LiveStream", () => {
  it("hands on events once it is open", () => {
    stream.start();
    newest().open();
    newest().emit("reading", "1");
    expect(states).toEqual(["connecting", "open"]);
    expect(events).toEqual(["reading:1"]);
  });

  it("goes on after a broken connection, with growing delays", async () => {
    stream.start();
    newest().open();
    newest().fail(false);
    expect(states.at(-1)).toBe("lost");
    await vi.advanceTimersByTimeAsync(500);
    expect(sources).toHaveLength(2);
    newest().fail(false);
    await vi.advanceTimersByTimeAsync(900);
    expect(sources).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(100);
    expect(sources).toHaveLength(3);
    newest().open();
    expect(states.at(-1)).toBe("open");
  });

  it("tries again after an answer that EventSource gives up on", async () => {
    stream.start();
    newest().fail(true);
    await vi.advanceTimersByTimeAsync(600);
    expect(sources).toHaveLength(2);
  });

  it("stops when nobody is signed in any more", async () => {
    answer = "signed-out";
    stream.start();
    newest().fail(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signedOut).toBe(1);
    expect(sources).toHaveLength(1);
  });

  it("replaces a connection that died silently", async () => {
    answer = "away";
    stream.start();
    newest().open();
    await vi.advanceTimersByTimeAsync(21_000);
    expect(states).toContain("lost");
    expect(sources.length).toBeGreaterThan(1);
  });

  it("leaves a quiet connection alone while the gateway answers", async () => {
    stream.start();
    newest().open();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(sources).toHaveLength(1);
    expect(states.at(-1)).toBe("open");
  });

  it("tries at once when asked", () => {
    stream.start();
    newest().open();
    newest().fail(false);
    stream.retry();
    expect(sources).toHaveLength(2);
    newest().open();
    stream.retry();
    expect(sources).toHaveLength(2);
  });

  it("is silent after it was stopped", async () => {
    stream.start();
    const source = newest();
    source.open();
    stream.stop();
    source.emit("reading", "late");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events).toEqual([]);
    expect(sources).toHaveLength(1);
  });
});
