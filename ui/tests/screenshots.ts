// docs/screenshots: each page in both themes, at a desk and in a hand. One command: npm run screenshots.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Forewarn, kRoot } from "./forewarn";
import { connection, expect, goTo, raiseWarning, register, signIn, signOut, test } from "./helpers";

const kOut = join(kRoot, "docs/screenshots");
const kSizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

// The whole page at a desk, what is seen first in a hand. A window as high as the page, rather than a picture of more than
// the window: what sticks to an edge then stands where it stands for an operator.
async function take(page: Page, name: string): Promise<void> {
  const size = page.viewportSize() ?? kSizes.desktop;
  if (size.width === kSizes.desktop.width) {
    const fit = (): Promise<number> => page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ ...size, height: Math.max(kSizes.desktop.height, await fit()) });
  }
  await page.mouse.move(0, 0);
  const path = join(kOut, `${name}.png`);
  await page.screenshot({ path, animations: "disabled" });
  // Smaller without losing a colour (a palette would lose the rare ones, which are those of what is abnormal); without
  // optipng it stays as it is.
  spawnSync("optipng", ["-quiet", "-o1", "-strip", "all", path]);
}

// Back to the window's own height, at its top.
async function toTop(page: Page, height: number): Promise<void> {
  const { width } = page.viewportSize() ?? kSizes.desktop;
  await page.setViewportSize({ width, height });
  await page.evaluate(() => {
    scrollTo(0, 0);
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
}

const pagedTest = test.extend<object, { forewarn: Forewarn }>({
  forewarn: [
    async ({}, use) => {
      const forewarn = await Forewarn.start({ secondsPerHour: 2 });
      await use(forewarn);
      await forewarn.remove();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

for (const theme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(kSizes)) {
    pagedTest(`${theme}, ${size}`, async ({ browser, forewarn }) => {
      pagedTest.setTimeout(400_000);
      mkdirSync(kOut, { recursive: true });
      const context = await browser.newContext({ colorScheme: theme, viewport });
      const page = await context.newPage();
      const outlook = page.getByRole("region", { name: "Outlook" });
      const close = page.getByRole("button", { name: "Close the message" });
      const dismiss = async (): Promise<void> => {
        while ((await close.count()) > 0) await close.first().click();
      };
      const shot = (name: string): Promise<void> => take(page, `${name}-${theme}-${size}`);
      const open = async (name: Parameters<typeof goTo>[1]): Promise<void> => {
        await toTop(page, viewport.height);
        await goTo(page, name);
        await toTop(page, viewport.height);
      };
      await page.goto(`${forewarn.url}/#/register`);
      await expect(page.getByText("Gas treatment")).toBeVisible();
      await shot("register");
      const name = await register(page, forewarn.url, `anna.${theme}.${size}`);
      await signOut(page);
      await expect(page.getByText("Gas treatment")).toBeVisible();
      await shot("sign-in");
      await signIn(page, name);
      await expect(connection(page)).toContainText("Live since");
      await page.getByRole("switch").check(); // an inference every five seconds fills the history
      await expect(page.getByText(/Saved to the history/)).toBeVisible();

      await open("Predict");
      await page.getByRole("button", { name: /high risk/i }).click();
      await page.getByRole("button", { name: "Predict", exact: true }).click();
      await expect(page.getByRole("table", { name: /largest first/ })).toBeVisible();
      if (size === "desktop") await toTop(page, viewport.height);
      await shot("predict");
      await open("Forecast");
      await page.getByRole("button", { name: /escalating/i }).click();
      await page.getByRole("radio", { name: /^3/ }).check();
      await page.getByRole("button", { name: /^Forecast 3/ }).click();
      await expect(page.getByRole("table", { name: /Drivers of this forecast/ })).toBeVisible();
      if (size === "desktop") await toTop(page, viewport.height);
      await shot("forecast");

      await open("Dashboard");
      await expect(outlook).toContainText(/No alarm expected|Risk above/, { timeout: 90_000 });
      await shot("dashboard");
      await page.getByRole("switch").uncheck();
      await expect(page.getByRole("button", { name: "Run once" })).toBeEnabled();
      const auto = page.getByRole("region", { name: "Auto-inference" });
      const last = await auto.getByRole("link", { name: /^no\./ }).textContent();
      await toTop(page, page.viewportSize()?.height ?? viewport.height);
      await raiseWarning(page, () => expect(outlook).toContainText("Alarm likely within", { timeout: 1000 }));
      await page.getByRole("button", { name: "Run once" }).click(); // of the same hour as the rest of the picture
      await expect(auto.getByRole("link", { name: /^no\./ })).not.toHaveText(last ?? "");
      await dismiss();
      await page.evaluate(() => scrollTo(0, 0));
      await shot("dashboard-warning");
      await page.getByRole("button", { name: "Normal", exact: true }).click();
      await dismiss();
      await page.getByRole("switch").check();
      await open("History");
      await expect(page.locator("tbody tr").nth(12)).toBeVisible({ timeout: 90_000 });
      await shot("history");
      await context.close();
    });
  }
}
