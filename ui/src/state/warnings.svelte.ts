// The warning log: every active warning, and a page of the log at a time (it may hold thousands).
import { ask, client, type Reply, type Schemas } from "$api/client";
import { Problem } from "$api/problem";

export type Warning = Schemas["Warning"];
export type Verdict = Schemas["Verdict"]["verdict"];

export const kPageSize = 20;
const kMostActive = 1000;

export function isActive(warning: Warning): boolean {
  return warning.end === null;
}

class Warnings {
  active = $state.raw<readonly Warning[]>([]); // newest first
  page = $state.raw<readonly Warning[]>([]); // newest first
  // The ids the pages before this one began behind; empty on the newest page.
  private befores = $state.raw<readonly (number | null)[]>([]);
  private before = $state<number | null>(null);
  loaded = $state(false);
  loading = $state(false);
  older = $state(false); // there are rows behind this page
  problem = $state.raw<Problem | null>(null);
  // Called for a warning that was not known before: it has just risen.
  onRise: (warning: Warning) => void = () => undefined;

  readonly newestPage = $derived(this.before === null);
  readonly unacknowledged = $derived(this.active.filter((warning) => warning.ack === null).length);

  async load(): Promise<void> {
    const [active] = await Promise.all([
      ask(client.GET("/warnings", { params: { query: { state: "active", limit: kMostActive } } })),
      this.loadPage(),
    ]);
    if (active.ok) this.active = active.data;
    else this.problem = active.problem;
  }

  async showOlder(): Promise<void> {
    const last = this.page[this.page.length - 1];
    if (!last || this.loading) return;
    this.befores = [...this.befores, this.before];
    this.before = last.id;
    await this.loadPage();
  }

  async showNewer(): Promise<void> {
    if (this.loading) return;
    this.before = this.befores[this.befores.length - 1] ?? null;
    this.befores = this.befores.slice(0, -1);
    await this.loadPage();
  }

  async showNewest(): Promise<void> {
    this.before = null;
    this.befores = [];
    await this.loadPage();
  }

  // A warning as the stream tells it: it rose, changed, ended, was acknowledged or judged. The watch's own events say nothing
  // of what people added.
  take(event: Schemas["WarningEvent"]): void {
    const known = [...this.active, ...this.page].find((other) => other.id === event.id);
    const { change: _, ...told } = event;
    const warning: Warning = {
      ...told,
      ack: told.ack ?? known?.ack ?? null,
      verdict: told.verdict ?? known?.verdict ?? null,
    };
    this.replace(warning);
    if (known) return;
    if (this.newestPage && (this.page[0]?.id ?? 0) < warning.id) {
      this.older ||= this.page.length >= kPageSize;
      this.page = [warning, ...this.page].slice(0, kPageSize);
    }
    if (isActive(warning)) this.onRise(warning);
  }

  async acknowledge(id: number, note: string): Promise<Reply<Warning>> {
    const reply = await ask(client.POST("/warnings/{id}/ack", { params: { path: { id } }, body: { note } }));
    if (reply.ok) this.replace(reply.data);
    return reply;
  }

  async judge(id: number, verdict: Verdict, note: string): Promise<Reply<Warning>> {
    const body = { verdict, note };
    const reply = await ask(client.POST("/warnings/{id}/verdict", { params: { path: { id } }, body }));
    if (reply.ok) this.replace(reply.data);
    return reply;
  }

  clear(): void {
    this.active = this.page = [];
    this.befores = [];
    this.before = null;
    this.loaded = false;
  }

  private replace(warning: Warning): void {
    const others = this.active.filter((other) => other.id !== warning.id);
    this.active = isActive(warning) ? [warning, ...others].sort((a, b) => b.id - a.id) : others;
    this.page = this.page.map((other) => (other.id === warning.id ? warning : other));
  }

  private async loadPage(): Promise<void> {
    this.loading = true;
    const before = this.before;
    const query = { limit: kPageSize + 1, ...(before === null ? {} : { before }) };
    const reply = await ask(client.GET("/warnings", { params: { query } }));
    this.loading = false;
    if (before !== this.before) return; // another page was asked for meanwhile
    this.problem = reply.ok ? null : reply.problem;
    if (!reply.ok) return;
    this.older = reply.data.length > kPageSize;
    this.page = reply.data.slice(0, kPageSize);
    this.loaded = true;
  }
}

export const warnings = new Warnings();
