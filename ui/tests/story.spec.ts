// The whole story of an operator's session, from registering to signing out.
import { readFileSync } from "node:fs";
import {
  connection,
  exact,
  expect,
  goTo,
  noViolations,
  raiseWarning,
  register,
  signOut,
  test,
  type Schemas,
} from "./helpers";

test("from registering to signing out", async ({ page, forewarn }) => {
  test.setTimeout(360_000);
  await page.goto(`${forewarn.url}/`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  const name = await register(page, forewarn.url);
  await expect(page.getByRole("button", { name: `Signed in as ${name}` })).toBeVisible();

  await test.step("the dashboard moves", async () => {
    await expect(connection(page)).toContainText("Live since");
    const clock = page.locator(".plant-clock time");
    const before = await clock.textContent();
    await expect(clock).not.toHaveText(before ?? "");
    const tile = page
      .getByRole("region", { name: "Sensors" })
      .getByRole("listitem")
      .first()
      .locator(".value span")
      .first();
    const value = await tile.textContent();
    await expect(tile).not.toHaveText(value ?? "");
  });

  const log = page.getByRole("region", { name: "Warning log" }).getByRole("listitem");
  const outlook = page.getByRole("region", { name: "Outlook" });
  await test.step("a scenario raises the risk and a warning", async () => {
    await raiseWarning(page, async () => {
      await expect(page).toHaveTitle(/^\(1\) Dashboard/, { timeout: 1000 });
      await expect(page.locator("link[rel=icon]")).toHaveAttribute("href", "./icons/1.svg", {
        timeout: 1000,
      });
    });
    await expect(page.getByRole("button", { name: "Multi alarm" })).toHaveAttribute("aria-pressed", "true");
    await expect(page.getByRole("region", { name: /Scenario/ })).toContainText("Multi alarm");
    await expect(outlook).toContainText(/Alarm likely within|Alarm possible within|The plant is in alarm/);
    await noViolations(page, "a warning");
  });

  await test.step("the forecast is explained, and its drivers add up", async () => {
    await outlook.getByText(/and their sum/).click();
    const rows = outlook.getByRole("table", { name: /from the base value/ });
    await expect(rows.getByRole("row")).not.toHaveCount(0);
  });

  await test.step("the warning is acknowledged with a note, and judged", async () => {
    const id = (await log.first().locator(".id").textContent()) ?? "";
    const newest = log.filter({ has: page.getByText(id, { exact: true }) }); // another may rise meanwhile
    await newest.getByRole("button", { name: /Acknowledge/ }).click();
    await page.getByLabel("Note").fill("called the field");
    await page.getByRole("dialog").getByRole("button", { name: "Acknowledge" }).click();
    await expect(newest).toContainText(`Acknowledged by ${name}`);
    await expect(newest).toContainText("called the field");
    await newest.getByRole("button", { name: /Verdict/ }).click();
    await page.getByRole("radio", { name: /^True/ }).check();
    await page.getByRole("button", { name: "Keep the verdict" }).click();
    await expect(newest).toContainText(`Verdict true by ${name}`);
  });

  const panel = page.getByRole("region", { name: "Auto-inference" });
  await test.step("an inference is run once, and by itself", async () => {
    await panel.getByRole("button", { name: "Run once" }).click();
    await expect(panel).toContainText("From 20 observations");
    await expect(panel.getByRole("table")).toBeVisible();
    const first = await panel.getByRole("link", { name: /^no\./ }).textContent();
    await panel.getByRole("switch").check();
    await expect(panel.getByRole("link", { name: /^no\./ })).not.toHaveText(first ?? "");
    await panel.getByRole("switch").uncheck();
  });

  const saved = ((await panel.getByRole("link", { name: /^no\./ }).textContent()) ?? "").replace(/\D/g, "");
  const probability = await exact(panel.locator(".result strong"));
  await test.step("the history shows it", async () => {
    await panel.getByRole("link", { name: /^no\./ }).click();
    await expect(page).toHaveURL(/#\/history\?type=auto$/);
    const row = page.getByRole("row").filter({ has: page.getByRole("cell", { name: saved, exact: true }) });
    await expect(row).toContainText("Auto 1");
    expect(await exact(row.getByRole("cell").nth(3))).toBe(probability);
    await page.getByRole("button", { name: `Details of no. ${saved}` }).click();
    await expect(page.getByRole("region", { name: `Result of no. ${saved}` })).toContainText(
      "anomaly_probability",
    );
  });

  await test.step("it is exported", async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export CSV" }).click(),
    ]);
    const lines = readFileSync(await download.path(), "utf8")
      .trim()
      .split(/\r?\n/);
    expect(lines[0]).toMatch(/^id,ts,type,risk/);
    expect(lines.some((line) => line.startsWith(`${saved},`) && line.includes(String(probability)))).toBe(
      true,
    );
  });

  await signOut(page);
  const me = await page.request.get(`${forewarn.url}/auth/me`);
  expect(me.status()).toBe(401);
});

test("Predict: preset, result, drivers, JSON and importance", async ({ page, forewarn }) => {
  await register(page, forewarn.url);
  await goTo(page, "Predict");
  await page.getByRole("button", { name: /high risk/i }).click();
  const asked = page.waitForResponse((response) => response.url().endsWith("/infer/predict"));
  const why = page.waitForResponse((response) => response.url().endsWith("/infer/explain"));
  await page.getByRole("button", { name: "Predict", exact: true }).click();
  const reply = (await (await asked).json()) as Schemas["StoredPredict"];
  const explanation = (await (await why).json()) as Schemas["ExplainReply"];
  const result = page.getByRole("region", { name: "Result" });
  expect(await exact(result.locator(".risk strong"))).toBe(reply.risk_score);
  await expect(result).toContainText(reply.recommendation);
  await expect(result).toContainText(`${reply.urgency} urgency`);
  const table = result.getByRole("table", { name: /largest first/ });
  await expect(table.getByRole("row")).toHaveCount(1 + Math.min(12, explanation.local_importance.length) + 1);
  const sum = explanation.local_importance.reduce(
    (total, driver) => total + driver.shap_value,
    explanation.base_value ?? NaN,
  );
  expect(sum).toBeCloseTo(explanation.output_value ?? NaN, 6);
  const shares = await table
    .locator("tbody tr td.share span[title]")
    .evaluateAll((spans) => spans.map((span) => Number(span.getAttribute("title"))));
  expect(shares).toEqual(explanation.local_importance.slice(0, 12).map((driver) => driver.shap_value));

  await page.getByText("What the model looks at overall").click();
  await expect(page.getByRole("table", { name: /most used/ }).getByRole("row")).toHaveCount(16);

  await page.getByRole("button", { name: "JSON" }).click();
  const json = page.getByLabel("Features as JSON");
  await json.fill('{"te301020": 107\n "pdt31008": 225}');
  await expect(page.getByText("line 2, column 2:")).toBeVisible();
  await json.fill('{"te301020":107,"pdt31008":225}');
  await page.getByRole("button", { name: "Format" }).click();
  await expect(json).toHaveValue('{\n  "te301020": 107,\n  "pdt31008": 225\n}');
  await page.getByRole("button", { name: "Form", exact: true }).click();
  await expect(page.locator("#feature-te301020")).toHaveValue("107");

  await page.getByRole("button", { name: "Now", exact: true }).click();
  await expect(page.locator("#feature-te301020")).not.toHaveValue("107");
  await page.locator("#feature-te301020").fill("hot");
  await page.getByRole("button", { name: "Predict", exact: true }).click();
  await expect(page.getByText("Some fields hold no number")).toBeVisible();
});

test("Forecast: presets, pasting, a dropped file, horizons and the sum of drivers", async ({
  page,
  forewarn,
}) => {
  await register(page, forewarn.url);
  await page.goto(`${forewarn.url}/#/forecast?horizon=3`);
  await expect(page.getByRole("radio", { name: /^3/ })).toBeChecked();
  await page.getByRole("button", { name: /escalating/i }).click();
  const asked = page.waitForResponse((response) => response.url().endsWith("/infer/forecast"));
  const why = page.waitForResponse((response) => response.url().endsWith("/infer/explain"));
  await page.getByRole("button", { name: /^Forecast 3/ }).click();
  const reply = (await (await asked).json()) as Schemas["StoredForecast"];
  const explanation = (await (await why).json()) as Schemas["ExplainReply"];
  const result = page.getByRole("region", { name: "Result" });
  expect(reply.horizon_hours).toBe(3);
  expect(await exact(result.locator(".risk strong"))).toBe(reply.anomaly_probability);
  const shares = await result
    .locator("td.share span[title]")
    .evaluateAll((spans) => spans.map((span) => Number(span.getAttribute("title"))));
  expect(shares).toEqual(explanation.local_importance.map((driver) => driver.shap_value));
  const sum = shares.reduce((total, share) => total + share, explanation.base_value ?? NaN);
  expect(sum).toBeCloseTo(explanation.output_value ?? NaN, 6);
  const window = page.getByRole("region", { name: /hours it was made from/ });
  await expect(window.getByRole("img")).toHaveCount(explanation.local_importance.length);

  const plant = (await (await page.request.get(`${forewarn.url}/plant`)).json()) as Schemas["Plant"];
  const names = plant.sensors.map((sensor) => sensor.name);
  const csv = [
    "time;" + names.join(";"),
    ...Array.from({ length: 15 }, (_, r) => `t${r};` + names.map((_, c) => `${r + 1},${c}`).join(";")),
  ].join("\n");
  await page
    .getByLabel("CSV file")
    .setInputFiles({ name: "hours.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
  await expect(page.getByText("The newest 12 of 15 rows are used. Ignored: time.")).toBeVisible();
  await expect(page.locator('[data-cell="0 1"]')).toHaveValue("4.1");

  await page.locator('[data-cell="10 0"]').focus();
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "1,5\t2,5\n3,5\t4,5");
    document.activeElement?.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
    );
  });
  await expect(page.locator('[data-cell="11 1"]')).toHaveValue("4,5");

  await page.evaluate((text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], "few.csv"));
    document
      .querySelector("form")
      ?.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }, csv.split("\n").slice(0, 5).join("\n"));
  await expect(page.getByText("few.csv: It has 4 rows; a forecast needs 12.")).toBeVisible();

  await page.getByRole("button", { name: "Last 12 live hours" }).click();
  await page.getByRole("radio", { name: /^6/ }).check();
  await expect(page).toHaveURL(/horizon=6$/);
  await page.getByRole("button", { name: /^Forecast 6/ }).click();
  await expect(result).toContainText("for an alarm within 6");
  await page.locator('[data-cell="3 3"]').fill("");
  await page.getByRole("button", { name: /^Forecast 6/ }).click();
  await expect(page.getByRole("alert")).toContainText("1 cells are empty");
});
