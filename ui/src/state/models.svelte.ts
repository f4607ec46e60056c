// The models in service and the verdict on each.
import { ask, client, type Schemas } from "$api/client";
import { Problem } from "$api/problem";

class Models {
  all = $state.raw<Schemas["Models"]["models"] | null>(null);
  problem = $state.raw<Problem | null>(null);

  async load(): Promise<void> {
    const reply = await ask(client.GET("/models"));
    this.problem = reply.ok ? null : reply.problem;
    if (reply.ok) this.all = reply.data.models;
  }
}

export const models = new Models();
