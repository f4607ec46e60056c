// Figures of the page at work, printed and judged by nobody: npm run measure.
import { expect, goTo, register, test } from "./helpers";

const kMinutes = Number(process.env["MEASURE_MINUTES"] ?? 1);

test("first useful paint at a quarter of the processor's speed", async ({ page, forewarn }) => {
  await register(page, forewarn.url);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    await page.reload({ waitUntil: "commit" });
    times.push(
      await page.evaluate(
        () =>
          new Promise<number>((done) => {
            const look = (): void => {
              // Useful: the outlook says something.
              if (document.querySelector(".headline")) requestAnimationFrame(() => done(performance.now()));
              else setTimeout(look, 10);
            };
            look();
          }),
      ),
    );
  }
  console.log(
    `outlook painted after ${times
      .sort((a, b) => a - b)
      .map((time) => time.toFixed(0))
      .join(", ")} ms (4x throttle, no cache)`,
  );
});

test("processor and memory of the live dashboard", async ({ page, forewarn }) => {
  test.setTimeout((kMinutes + 2) * 60_000);
  await register(page, forewarn.url);
  await goTo(page, "Dashboard");
  await expect(page.getByRole("region", { name: "Risk over time" }).getByRole("img")).toBeVisible();
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  // In the page's own processor time, whoever else works on the machine; `Timestamp` would stand still while it waits.
  const read = async (): Promise<Record<string, number>> => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    return {
      ...Object.fromEntries(metrics.map(({ name, value }) => [name, value])),
      wall: Date.now() / 1000,
    };
  };
  await page.waitForTimeout(10_000);
  const before = await read();
  for (let minute = 1; minute <= kMinutes; minute++) {
    await page.waitForTimeout(60_000);
    const after = await read();
    const spent = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
    const share = (name: string): string => ((100 * spent(name)) / spent("wall")).toFixed(1);
    console.log(
      `after ${minute} min: ${share("TaskDuration")} % of a core in the page ` +
        `(script ${share("ScriptDuration")} %, style ${share("RecalcStyleDuration")} %, layout ${share("LayoutDuration")} %), heap ${((after["JSHeapUsedSize"] ?? 0) / 1e6).toFixed(2)} MB ` +
        `(${spent("JSHeapUsedSize") >= 0 ? "+" : ""}${(spent("JSHeapUsedSize") / 1e6).toFixed(2)} MB), nodes ${after["Nodes"] ?? 0}`,
    );
  }
});
