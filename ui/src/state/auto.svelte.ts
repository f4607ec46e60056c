// Inference on the live plant by itself, every five seconds or once, each stored in the history. Goes on while other pages are
// looked at; waits while the connection is lost.
import { ask, client, type Reply, type Schemas } from "$api/client";
import { Problem } from "$api/problem";
import { live } from "./live.svelte";

export type AutoResult = Schemas["StoredAuto"];

export const kEveryMs = 5000;

class AutoInference {
  on = $state(false);
  busy = $state(false);
  last = $state.raw<AutoResult | null>(null);
  problem = $state.raw<Problem | null>(null);
  stored = $state(0); // since the page was opened
  private timer: ReturnType<typeof setInterval> | null = null;

  set(on: boolean): void {
    this.on = on;
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    if (!on) return;
    this.timer = setInterval(() => {
      if (live.state === "open") void this.run();
    }, kEveryMs);
    void this.run();
  }

  async run(): Promise<Reply<AutoResult> | null> {
    if (this.busy) return null;
    this.busy = true;
    const reply = await ask(client.POST("/infer/auto"));
    this.busy = false;
    this.problem = reply.ok ? null : reply.problem;
    if (reply.ok) {
      this.last = reply.data;
      this.stored++;
    }
    return reply;
  }

  clear(): void {
    this.set(false);
    this.last = this.problem = null;
    this.stored = 0;
  }
}

export const auto = new AutoInference();
