// Every number on the dashboard is the API's. The plant runs in real time here, so that nothing moves meanwhile.
import { Forewarn } from "./forewarn";
import { api, exact, expect, register, test, type Schemas } from "./helpers";

test("sensors, gauges, drivers, thresholds and warnings are the API's, and the drivers add up", async ({
  page,
}) => {
  const forewarn = await Forewarn.start({ secondsPerHour: 3600 });
  try {
    await register(page, forewarn.url);
    const [plant, status, warnings] = await Promise.all([
      api<Schemas["Plant"]>(page, "plant"),
      api<Schemas["Status"]>(page, "status"),
      api<Schemas["Warning"][]>(page, "warnings?limit=20"),
    ]);
    const tiles = page.getByRole("region", { name: "Sensors" }).getByRole("listitem");
    await expect(tiles).toHaveCount(plant.sensors.length);
    for (const [i, sensor] of plant.sensors.entries()) {
      await expect(tiles.nth(i)).toContainText(sensor.label);
      await expect(tiles.nth(i)).toContainText(sensor.unit);
    }
    // The plant may scan between two looks; then both look again.
    await expect(async () => {
      const live = await api<Schemas["SensorsLive"]>(page, "sensors/live");
      const shown = await tiles
        .locator(".value span:first-child")
        .evaluateAll((values) => values.map((value) => Number(value.getAttribute("title"))));
      expect(shown).toEqual(plant.sensors.map((sensor) => live.reading[sensor.name]));
    }).toPass({ timeout: 30_000 });

    const outlook = page.getByRole("region", { name: "Outlook" });
    const forecasts = status.risk?.forecasts ?? [];
    expect(forecasts.length).toBe(plant.horizons.length);
    for (const [i, forecast] of forecasts.entries()) {
      const row = outlook.locator("label.horizon").nth(i);
      expect(await exact(row.locator(".number"))).toBe(forecast.probability);
      await expect(row.getByRole("meter")).toHaveAttribute("aria-valuenow", String(forecast.probability));
      await expect(row).toContainText(`threshold ${(forecast.threshold * 100).toFixed(1)}`);
      await row.getByRole("radio").check();
      await outlook.locator("details").evaluate((details: HTMLDetailsElement) => (details.open = true));
      const table = outlook.getByRole("table", { name: /from the base value/ });
      const shares = await table
        .locator("td.share span[title]")
        .evaluateAll((spans) => spans.map((span) => Number(span.getAttribute("title"))));
      expect(shares).toEqual(forecast.drivers.map((driver) => driver.shap_value));
      const sum = shares.reduce((total, share) => total + share, forecast.base_value ?? NaN);
      expect(sum).toBeCloseTo(forecast.output_value ?? NaN, 6);
      expect(await exact(table.locator("tr.sum td.share").last())).toBe(forecast.output_value);
    }

    const log = page.getByRole("region", { name: "Warning log" }).getByRole("listitem");
    for (const warning of warnings) {
      const item = log.filter({ has: page.getByText(`no. ${warning.id}`, { exact: true }) });
      expect(await exact(item.locator("strong[title]"))).toBe(warning.peak);
    }
    const models = page.getByRole("region", { name: "Models" });
    for (const { model } of forecasts)
      await expect(models).toContainText(`${model.name}, version ${model.version}`);
  } finally {
    await forewarn.remove();
  }
});

test("times are the operator's own, or UTC, and the plant's clock stands beside them", async ({
  page,
  forewarn,
}) => {
  await register(page, forewarn.url);
  const offset = page.locator(".own-clock dt");
  await expect(offset).toHaveText(/GMT\+[12]/); // Europe/Berlin, see playwright.config.ts
  await page.getByRole("button", { name: /Signed in as/ }).click();
  await page.getByRole("radio", { name: "UTC" }).check();
  await expect(offset).toHaveText("Now (UTC)");
  await page.reload();
  await expect(offset).toHaveText("Now (UTC)");
  await expect(page.locator(".plant-clock dd")).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
});
