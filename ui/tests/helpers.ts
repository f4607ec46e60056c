import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import type { components } from "../src/api/schema";
import { Forewarn } from "./forewarn";

export type Schemas = components["schemas"];
export const kPassword = "correct horse battery";

export interface Fixtures {
  forewarn: Forewarn;
}

// One running forewarn for a file's tests: half a second an hour.
export const test = base.extend<object, Fixtures>({
  forewarn: [
    async ({}, use) => {
      const forewarn = await Forewarn.start({ secondsPerHour: 0.5 });
      await use(forewarn);
      await forewarn.remove();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});
export { expect };

let names = 0;
export function newName(stem = "ada"): string {
  return `${stem}-${process.pid}-${++names}`;
}

export async function register(
  page: Page,
  url: string,
  name = newName(),
  password = kPassword,
): Promise<string> {
  await page.goto(`${url}/#/register`);
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByLabel("Password again").fill(password);
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.getByRole("region", { name: "Outlook" })).toBeVisible();
  return name;
}

export async function signIn(page: Page, name: string, password = kPassword): Promise<void> {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /Signed in as/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
}

export async function goTo(
  page: Page,
  name: "Dashboard" | "History" | "Predict" | "Forecast",
): Promise<void> {
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeAttached();
}

// What the API says, asked with the page's own session.
export async function api<T>(page: Page, path: string): Promise<T> {
  return page.evaluate(async (to) => (await fetch(to)).json() as Promise<T>, path);
}

export function connection(page: Page): Locator {
  return page.getByRole("region", { name: "Connection" });
}

// The full number behind a shown one.
export async function exact(locator: Locator): Promise<number> {
  return Number(await locator.getAttribute("title"));
}

// On the dashboard: multi_alarm until a warning is on and `seen` holds. An alarm that comes within the hour it is first seen
// has no warning before it: then once more from the quiet.
export async function raiseWarning(page: Page, seen: () => Promise<void>): Promise<void> {
  const active = page
    .getByRole("region", { name: "Warning log" })
    .getByRole("listitem")
    .filter({ hasText: "Active" })
    .first();
  const inAlarm = page.getByRole("region", { name: "Outlook" }).getByText("The plant is in alarm");
  await expect(async () => {
    if (await inAlarm.isVisible()) {
      await page.getByRole("button", { name: "Normal", exact: true }).click();
      await expect(inAlarm).toBeHidden({ timeout: 90_000 });
    }
    await page.getByRole("button", { name: "Multi alarm" }).click();
    await expect(active.or(inAlarm).first()).toBeVisible({ timeout: 60_000 });
    await expect(active).toBeVisible({ timeout: 1000 });
    await seen();
  }).toPass({ timeout: 240_000 });
}

const kRules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const kRulesOfTheme = ["color-contrast", "link-in-text-block"];

// At a desk and in a hand, in both themes: axe finds nothing, and nothing is wider than the window. What does not depend on
// the theme is asked in one of them.
export async function noViolations(page: Page, state: string): Promise<void> {
  const before = page.viewportSize() ?? { width: 1440, height: 900 };
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: 900 });
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      const axe = new AxeBuilder({ page });
      const found = await (theme === "light" ? axe.withTags(kRules) : axe.withRules(kRulesOfTheme)).analyze();
      const told = found.violations.map(
        (v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join("; ")}`,
      );
      expect(told, `${state}, ${theme}, ${width} px`).toEqual([]);
    }
    const [wide, view] = await page.evaluate((): [number, number] => [
      document.documentElement.scrollWidth,
      innerWidth,
    ]);
    expect(wide, `${state} fits ${width} px`).toBeLessThanOrEqual(view);
  }
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}
