// What an operator sees when something is missing, goes away and comes back.
import { Forewarn } from "./forewarn";
import { api, connection, expect, goTo, noViolations, register, test, type Schemas } from "./helpers";

test("a gateway killed and restarted in mid-session: said at once, healed by itself, no gap", async ({
  page,
}) => {
  test.setTimeout(150_000);
  const forewarn = await Forewarn.start({ secondsPerHour: 1 });
  try {
    await register(page, forewarn.url);
    await expect(connection(page)).toContainText("Live since");
    await expect(page.getByRole("region", { name: "Sensors" }).getByRole("listitem")).toHaveCount(9);
    await forewarn.stop("SIGKILL");
    await expect(connection(page)).toContainText(/Connection lost at \d\d:\d\d:\d\d/);
    await expect(connection(page)).toContainText("Everything below is the last known");
    await expect(page.getByRole("region", { name: "Sensors" })).toContainText("Last known values");
    await expect(page).toHaveTitle(/No connection/);
    await noViolations(page, "no connection");
    await page.getByRole("button", { name: "Run once" }).click();
    await expect(page.getByRole("region", { name: "Auto-inference" }).getByRole("alert")).toContainText(
      "cannot be reached",
    );

    await forewarn.run();
    await expect(connection(page)).toContainText("Live since", { timeout: 30_000 });
    await expect(page.getByRole("region", { name: "Sensors" })).not.toContainText("Last known values");
    // Two more hours, so that the chart holds points from before and after.
    const { points } = await api<Schemas["RiskHistory"]>(page, "risk");
    const known = points[points.length - 1]?.known_at ?? "";
    await expect
      .poll(async () => (await api<Schemas["RiskHistory"]>(page, `risk?since=${known}`)).count)
      .toBeGreaterThanOrEqual(2);
    await page.getByText("As a table").click();
    const table = page.getByRole("region", { name: "Risk over time as a table" });
    const times = await table
      .locator("time")
      .evaluateAll((list) => list.map((time) => Date.parse(time.getAttribute("datetime") ?? "")));
    expect(times.length).toBeGreaterThan(48);
    times.slice(1).forEach((time, i) => expect((times[i] ?? NaN) - time).toBe(3_600_000));
  } finally {
    await forewarn.remove();
  }
});

test("a plant that falls silent is marked, and so is its return", async ({ page }) => {
  const forewarn = await Forewarn.start({ secondsPerHour: 2 });
  try {
    await register(page, forewarn.url);
    const sensors = page.getByRole("region", { name: "Sensors" });
    await expect(connection(page)).toContainText("Live since");
    await expect(sensors.getByRole("listitem").first()).not.toHaveClass(/stale/);
    forewarn.signal("SIGSTOP"); // the connection stays, nothing comes
    await expect(connection(page)).toContainText(/The plant is silent since \d\d:\d\d:\d\d/);
    await expect(sensors).toContainText(/Silent for \d+/);
    await expect(sensors.getByRole("listitem").first()).toHaveClass(/stale/);
    await noViolations(page, "a silent plant");
    await expect(page.getByRole("region", { name: "Outlook" })).not.toContainText("No alarm expected within");
    forewarn.signal("SIGCONT");
    await expect(connection(page)).toContainText("Live since", { timeout: 30_000 });
    await expect(sensors.getByRole("listitem").first()).not.toHaveClass(/stale/);
  } finally {
    forewarn.signal("SIGCONT");
    await forewarn.remove();
  }
});

test("without a model the plant is shown, and what is missing is said", async ({ page }) => {
  const forewarn = await Forewarn.start({ trained: false, secondsPerHour: 0.5 });
  try {
    await register(page, forewarn.url);
    await expect(page.getByRole("region", { name: "Outlook" })).toContainText(
      /models are being prepared|There is no forecast/,
    );
    await expect(connection(page)).toContainText("Preparing the models");
    const tile = page
      .getByRole("region", { name: "Sensors" })
      .getByRole("listitem")
      .first()
      .locator(".value span")
      .first();
    const value = await tile.textContent();
    await expect(tile).not.toHaveText(value ?? "");
    await page.getByRole("button", { name: "Run once" }).click();
    await expect(page.getByRole("region", { name: "Auto-inference" }).getByRole("alert")).toBeVisible();
    await noViolations(page, "no model");
    await goTo(page, "Predict");
    await page.getByRole("button", { name: "Now", exact: true }).click();
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await expect(page.getByRole("form", { name: "Features" }).getByRole("alert")).toBeVisible();
    await page.getByText("What the model looks at overall").click();
    await expect(page.getByText(/Not available:/)).toBeVisible();
  } finally {
    await forewarn.remove();
  }
});

test("a second browser sees the same, at the same time", async ({ browser, forewarn }) => {
  const [one, two] = await Promise.all([browser.newContext(), browser.newContext()]);
  const [a, b] = await Promise.all([one.newPage(), two.newPage()]);
  await register(a, forewarn.url);
  await register(b, forewarn.url);
  await a.getByRole("button", { name: "Pressure rise" }).click();
  await expect(b.getByRole("button", { name: "Pressure rise" })).toHaveAttribute("aria-pressed", "true");
  await a.getByRole("button", { name: "Normal", exact: true }).click();
  await expect(b.getByRole("button", { name: "Normal", exact: true })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  // Each has a history of its own.
  await a.getByRole("button", { name: "Run once" }).click();
  await expect(a.getByText(/Saved to the history/)).toBeVisible();
  await goTo(b, "History");
  await expect(b.getByText("Nothing here yet.")).toBeVisible();
  await one.close();
  await two.close();
});
