// A history of 100,000 rows and a log of 3,000 warnings.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Forewarn, kRoot } from "./forewarn";
import { expect, goTo, register, signIn, test } from "./helpers";

const kRows = 100_000;
const kWarnings = 3000;

test("100,000 history rows and 3,000 warnings stay usable", async ({ page }) => {
  test.setTimeout(120_000);
  const forewarn = await Forewarn.start({ secondsPerHour: 3600 });
  try {
    const name = await register(page, forewarn.url);
    await forewarn.stop();
    const path = join(forewarn.data, "accounts.db");
    execFileSync("python3", [join(kRoot, "ui/tests/seed.py"), path, name, String(kRows), String(kWarnings)]);
    await forewarn.run();
    await page.reload();
    if (await page.getByRole("heading", { name: "Sign in" }).isVisible()) await signIn(page, name);

    await test.step("the log is read page by page", async () => {
      const log = page.getByRole("region", { name: "Warnings" });
      await expect(log.getByRole("listitem").first()).toBeVisible();
      expect(await log.getByRole("listitem").count()).toBeLessThanOrEqual(25);
      const first = await log.locator(".id").first().textContent();
      await log.getByRole("button", { name: "Older" }).click();
      await expect(log.locator(".id").first()).not.toHaveText(first ?? "");
      await log.getByRole("button", { name: "Older" }).click();
      await log.getByRole("button", { name: "Newer" }).click();
      await log.getByRole("button", { name: "Newest" }).click();
      await expect(log.locator(".id").first()).toHaveText(first ?? "");
    });

    await test.step("the history is paged, filtered and exported", async () => {
      await goTo(page, "History");
      const pages = page.getByRole("navigation", { name: "Pages of the history" });
      await expect(pages).toContainText("1–200 of 100 000".replaceAll(" 000", "\u202f000"));
      await expect(page.locator("tbody tr")).toHaveCount(200);
      await pages.getByRole("button", { name: "Older" }).click();
      await expect(pages).toContainText("201–400 of");
      await page.reload();
      await expect(pages).toContainText("201–400 of");
      await pages.getByRole("button", { name: "Back" }).click();
      await expect(pages).toContainText("1–200 of");
      await page.getByLabel("Type").selectOption("forecast");
      await expect(pages).toContainText("of 33\u202f333");
      await expect(page.locator("tbody tr td:nth-child(3)").first()).toHaveText("Forecast 3\u202fh");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: "Export CSV" }).click(),
      ]);
      const text = readFileSync(await download.path(), "utf8");
      expect(text.trim().split("\n").length).toBe(33_334);
    });

    await test.step("one and all are deleted after a question, and come back", async () => {
      await page.getByRole("button", { name: "Show all" }).click();
      const pages = page.getByRole("navigation", { name: "Pages of the history" });
      await expect(pages).toContainText("of 100\u202f000");
      const number = (await page.locator("tbody tr td").first().textContent()) ?? "";
      await page.getByRole("button", { name: `Delete no. ${number}` }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
      await expect(page.locator("tbody tr td").first()).toHaveText(number);
      await page.getByRole("button", { name: `Delete no. ${number}` }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
      await expect(page.locator("tbody tr td").first()).not.toHaveText(number);
      await page.getByRole("button", { name: "Undo" }).click();
      await expect(page.locator("tbody tr td").first()).toHaveText(number);
      await page.getByRole("button", { name: /Delete all/ }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
      await expect(page.getByText("Nothing here yet.")).toBeVisible();
      await page.getByRole("button", { name: "Undo" }).click();
      await expect(page.locator("tbody tr")).toHaveCount(200);
    });
  } finally {
    await forewarn.remove();
  }
});
