// docs/screenshots: each page in both themes, at a desk and in a hand. One command: npm run screenshots.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { kRoot } from "./forewarn";
import { connection, expect, goTo, newName, register, signIn, signOut, test } from "./helpers";

const kOut = join(kRoot, "docs/screenshots");
const kSizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

async function take(page: Page, name: string, fullPage: boolean): Promise<void> {
  await page.getByRole("log", { name: "Messages" }).evaluate((log) => log.replaceChildren());
  await page.screenshot({ path: join(kOut, `${name}.png`), fullPage, animations: "disabled" });
}

for (const theme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(kSizes)) {
    test(`${theme}, ${size}`, async ({ browser, forewarn }) => {
      test.setTimeout(180_000);
      mkdirSync(kOut, { recursive: true });
      const context = await browser.newContext({ colorScheme: theme, viewport });
      const page = await context.newPage();
      const shot = (name: string, whole = size === "desktop") =>
        take(page, `${name}-${theme}-${size}`, whole);
      await page.goto(`${forewarn.url}/#/register`);
      await expect(page.getByRole("heading", { name: "Register" })).toBeVisible();
      await shot("register", false);
      const name = await register(page, forewarn.url, newName("anna"));
      await signOut(page);
      await shot("sign-in", false);
      await signIn(page, name);
      await expect(connection(page)).toContainText("Live since");
      await page.getByRole("button", { name: "Run once" }).click();
      await expect(page.getByText(/Saved to the history/)).toBeVisible();

      await goTo(page, "Predict");
      await page.getByRole("button", { name: /high risk/i }).click();
      await page.getByRole("button", { name: "Predict", exact: true }).click();
      await expect(page.getByRole("table", { name: /largest first/ })).toBeVisible();
      if (size === "desktop") await page.evaluate(() => scrollTo(0, 0));
      await shot("predict");
      await goTo(page, "Forecast");
      await page.getByRole("button", { name: /escalating/i }).click();
      await page.getByRole("button", { name: /^Forecast 1/ }).click();
      await expect(page.getByRole("table", { name: /Drivers of this forecast/ })).toBeVisible();
      if (size === "desktop") await page.evaluate(() => scrollTo(0, 0));
      await shot("forecast");

      await goTo(page, "Dashboard");
      await page.getByRole("switch").check();
      await page.getByRole("button", { name: "Multi alarm" }).click();
      await expect(page.getByRole("region", { name: "Outlook" })).toContainText("Alarm likely within", {
        timeout: 90_000,
      });
      await page.evaluate(() => scrollTo(0, 0));
      await shot("dashboard-warning");
      await page.getByRole("button", { name: "Normal", exact: true }).click();
      await page.getByRole("switch").uncheck();
      await goTo(page, "History");
      await expect(page.locator("tbody tr").nth(2)).toBeVisible();
      await shot("history", false);
      await goTo(page, "Dashboard");
      await expect(page.getByRole("region", { name: "Outlook" })).toContainText("No alarm expected", {
        timeout: 90_000,
      });
      await shot("dashboard");
      await context.close();
    });
  }
}
