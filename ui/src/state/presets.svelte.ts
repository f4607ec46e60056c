// Inputs to start from, as the plant file has them.
import { ask, client, type Schemas } from "$api/client";
import { Problem } from "$api/problem";

class Presets {
  all = $state.raw<Schemas["Presets"] | null>(null);
  problem = $state.raw<Problem | null>(null);

  async load(): Promise<void> {
    if (this.all) return;
    const reply = await ask(client.GET("/presets"));
    this.problem = reply.ok ? null : reply.problem;
    if (reply.ok) this.all = reply.data;
  }
}

export const presets = new Presets();
