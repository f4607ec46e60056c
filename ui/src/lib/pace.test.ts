import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Pace } from "./pace";

describe("Pace", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("calls at once after a pause, then once for all that asked within the time", () => {
    const call = vi.fn();
    const pace = new Pace(1000, call);
    pace.ask();
    expect(call).toHaveBeenCalledTimes(1);
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(100);
      pace.ask();
    }
    expect(call).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(500);
    expect(call).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(5000);
    expect(call).toHaveBeenCalledTimes(2);
    pace.ask();
    expect(call).toHaveBeenCalledTimes(3);
  });

  it("does not call any more when it is cancelled", () => {
    const call = vi.fn();
    const pace = new Pace(1000, call);
    pace.ask();
    pace.ask();
    pace.cancel();
    vi.advanceTimersByTime(2000);
    expect(call).toHaveBeenCalledTimes(1);
  });
});
