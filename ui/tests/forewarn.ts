// Starts the real program on free ports with a data folder of its own, waits until it is ready, stops it by its process id.
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const kRoot = resolve(import.meta.dirname, "../..");
export const kProgram = process.env["FOREWARN_BIN"] ?? join(kRoot, "build/release/forewarn");
// Made once by tests/trained.ts: a data folder with trained models and nobody registered.
export const kTrained = process.env["FOREWARN_UI_DATA"] ?? join(kRoot, "build/_cache/ui-data");

async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.on("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? done(address.port) : failed(new Error("no port")),
      );
    });
  });
}

export interface ForewarnOptions {
  secondsPerHour?: number;
  plant?: string; // a plant file
  trained?: boolean; // begin with the trained models; true unless said otherwise
  data?: string; // the folder to use; made and removed otherwise
}

export class Forewarn {
  private process: ChildProcess | null = null;
  private ports: number[] = [];

  private constructor(
    readonly data: string,
    private readonly own: boolean,
    private readonly options: ForewarnOptions,
  ) {}

  static async start(options: ForewarnOptions = {}): Promise<Forewarn> {
    const data = options.data ?? mkdtempSync(join(tmpdir(), "forewarn-ui-"));
    if (options.data === undefined && options.trained !== false) cpSync(kTrained, data, { recursive: true });
    const forewarn = new Forewarn(data, options.data === undefined, options);
    forewarn.ports = [await freePort(), await freePort(), await freePort()];
    try {
      await forewarn.run();
    } catch (cause) {
      await forewarn.stop("SIGKILL"); // the log stays for who reads the error
      throw cause;
    }
    return forewarn;
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports[1]}`;
  }

  get log(): string {
    return join(this.data, "up.log");
  }

  // Again on the same ports and folder: what an operator's page sees of a restart.
  async run(
    until: "ready" | "listening" = this.options.trained === false ? "listening" : "ready",
  ): Promise<void> {
    const [sensors, gateway, inference] = this.ports;
    const out = openSync(this.log, "a");
    this.process = spawn(
      kProgram,
      ["up", "--data-dir", this.data, ...(this.options.plant ? ["--plant", this.options.plant] : [])],
      {
        stdio: ["ignore", out, out],
        env: {
          ...process.env,
          FOREWARN_LISTEN: "127.0.0.1",
          FOREWARN_SENSORS_PORT: String(sensors),
          FOREWARN_GATEWAY_PORT: String(gateway),
          FOREWARN_INFERENCE_PORT: String(inference),
          FOREWARN_SECONDS_PER_HOUR: String(this.options.secondsPerHour ?? 2),
        },
      },
    );
    await this.waitFor(until === "ready" ? "/ready" : "/health");
  }

  async waitFor(path: string, seconds = 90): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (Date.now() < deadline) {
      const end = this.process?.exitCode ?? this.process?.signalCode ?? null;
      if (end !== null) throw new Error(`forewarn ended with ${end}; see ${this.log}`);
      try {
        if ((await fetch(this.url + path)).ok) return;
      } catch {
        // not listening yet
      }
      await new Promise((next) => setTimeout(next, 50));
    }
    throw new Error(`${path} was not answered within ${seconds} s; see ${this.log}`);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const { process } = this;
    this.process = null;
    if (process?.exitCode !== null || process.signalCode !== null) return; // of a signal's death only the signal is told
    const ended = new Promise((done) => process.once("exit", done));
    process.kill(signal);
    await ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.process?.kill(signal);
  }

  async remove(): Promise<void> {
    await this.stop();
    if (this.own) rmSync(this.data, { recursive: true, force: true });
  }
}
