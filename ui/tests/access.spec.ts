// For every hand and eye: axe on every page and state in both themes, every task by keyboard alone, state by word and shape.
import type { Page } from "@playwright/test";
import {
  connection,
  expect,
  goTo,
  kPassword,
  newName,
  noViolations,
  register,
  signIn,
  signOut,
  test,
} from "./helpers";

test("axe finds nothing before the sign-in and on the dashboard", async ({ page, forewarn }) => {
  test.setTimeout(240_000);
  await page.goto(`${forewarn.url}/#/register`);
  await expect(page.getByRole("heading", { name: "Register" })).toBeVisible();
  await page.getByRole("button", { name: "Register" }).click();
  await noViolations(page, "register with faults");
  await page.goto(`${forewarn.url}/#/sign-in`);
  await signIn(page, "nobody here", "wrong password");
  await expect(page.getByRole("alert")).toBeVisible();
  await noViolations(page, "sign-in refused");

  await register(page, forewarn.url);
  await expect(connection(page)).toContainText("Live since");
  await page.getByText(/and their sum/).click();
  await page.getByText("As a table").click();
  await page.getByRole("button", { name: "Run once" }).click();
  await expect(page.getByText(/Saved to the history/)).toBeVisible();
  await noViolations(page, "dashboard");
  await page.getByRole("button", { name: /Signed in as/ }).click();
  await noViolations(page, "menu");
  await page.getByRole("button", { name: "Change the password" }).click();
  await noViolations(page, "dialog");
});

test("axe finds nothing on Predict, Forecast and History", async ({ page, forewarn }) => {
  test.setTimeout(240_000);
  await register(page, forewarn.url);
  await goTo(page, "Predict");
  await page.getByRole("button", { name: /high risk/i }).click();
  await page.getByRole("button", { name: "Predict", exact: true }).click();
  await page.getByText("What the model looks at overall").click();
  await expect(page.getByRole("table", { name: /largest first/ })).toBeVisible();
  await expect(page.getByRole("table", { name: /most used/ })).toBeVisible();
  await noViolations(page, "predict");
  await page.getByRole("button", { name: "JSON" }).click();
  await page.getByLabel("Features as JSON").fill("{");
  await noViolations(page, "predict, JSON with faults");
  await goTo(page, "Forecast");
  await page.getByRole("button", { name: /escalating/i }).click();
  await page.getByRole("button", { name: /^Forecast 1/ }).click();
  await expect(page.getByRole("table", { name: /Drivers of this forecast/ })).toBeVisible();
  await noViolations(page, "forecast");
  await goTo(page, "History");
  await page
    .getByRole("button", { name: /^Details of no/ })
    .first()
    .click();
  await noViolations(page, "history");
  await page
    .getByRole("button", { name: /^Delete no/ })
    .first()
    .click();
  await noViolations(page, "history, deleting");
  await page.keyboard.press("Escape");
  await page.getByLabel("Type").selectOption("auto_6h");
  await expect(page.getByText("No inference fits this filter.")).toBeVisible();
  await noViolations(page, "history, nothing fits");
});

// Tab until the focus is on what is looked for; fails where the keyboard cannot get there.
async function tabTo(page: Page, name: RegExp, steps = 150): Promise<void> {
  for (let i = 0; i < steps; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      // Between the page's last and first stop the focus is on the body, which holds every text.
      if (!(element instanceof HTMLElement) || element === document.body) return "";
      const labelled =
        element instanceof HTMLInputElement
          ? [...(element.labels ?? [])].map((label) => label.textContent).join(" ")
          : "";
      return `${element.getAttribute("aria-label") ?? ""} ${labelled} ${element.textContent}`;
    });
    if (name.test(at)) return;
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

test("every task by keyboard alone", async ({ page, forewarn }) => {
  test.setTimeout(120_000);
  const name = newName("keys");
  const key = (press: string) => page.keyboard.press(press);
  await page.goto(`${forewarn.url}/#/register`);
  await expect(page.getByRole("heading", { name: "Register" })).toBeVisible();
  await tabTo(page, /User name/);
  await page.keyboard.type(name);
  await key("Tab");
  await page.keyboard.type(kPassword);
  await key("Tab");
  await page.keyboard.type(kPassword);
  await key("Enter");
  await expect(connection(page)).toContainText("Live since");

  await test.step("choose a horizon, activate a scenario", async () => {
    await page.getByRole("radio", { name: /^1/ }).focus();
    await key("ArrowDown");
    await expect(page.getByRole("radio", { name: /^3/ })).toBeChecked();
    await tabTo(page, /Multi alarm/);
    await key("Enter");
    await expect(page.getByRole("button", { name: "Multi alarm" })).toHaveAttribute("aria-pressed", "true");
  });
  await test.step("run once and switch on", async () => {
    await tabTo(page, /every 5 s/);
    await key("Space");
    await expect(page.getByRole("switch")).toBeChecked();
    await key("Space");
    await tabTo(page, /Run once/);
    await key("Enter");
    await expect(page.getByText(/Saved to the history/)).toBeVisible();
  });
  await test.step("acknowledge", async () => {
    await expect(page.getByRole("button", { name: /Acknowledge …/ }).first()).toBeVisible({
      timeout: 60_000,
    });
    await page.getByRole("button", { name: /Signed in as/ }).focus();
    await tabTo(page, /^\s*Acknowledge …\s*warning/);
    await key("Enter");
    await page.keyboard.type("by keyboard");
    await key("Enter");
    await expect(page.getByRole("region", { name: "Warning log" })).toContainText("by keyboard");
  });
  await test.step("predict, forecast, history, delete, sign out", async () => {
    await page.getByRole("link", { name: "Skip to the content" }).focus();
    await tabTo(page, /^\s*Predict\s*$/);
    await key("Enter");
    await expect(page.getByRole("heading", { level: 1, name: "Predict" })).toBeFocused();
    await tabTo(page, /high risk/i);
    await key("Enter");
    await page.locator("#feature-te301020").focus();
    await key("Enter");
    await expect(page.getByRole("region", { name: "Result" })).toContainText("urgency");
    await page.getByRole("link", { name: "Skip to the content" }).focus();
    await tabTo(page, /^\s*Forecast\s*$/);
    await key("Enter");
    await tabTo(page, /escalating/i);
    await key("Enter");
    await tabTo(page, /newest hour|before/);
    await key("ArrowDown");
    await key("ArrowRight");
    await expect(page.locator('[data-cell="1 1"]')).toBeFocused();
    await tabTo(page, /^\s*Forecast 1/);
    await key("Enter");
    await expect(page.getByRole("region", { name: "Result" })).toContainText("for an alarm within");
    await page.getByRole("link", { name: "Skip to the content" }).focus();
    await tabTo(page, /^\s*History\s*$/);
    await key("Enter");
    const rows = page.locator("tbody tr");
    await expect(rows.first()).toBeVisible();
    const count = await rows.count();
    await tabTo(page, /^Delete no/);
    await key("Enter");
    await key("Enter");
    await expect(rows).toHaveCount(count - 1);
    await page.getByRole("link", { name: "Skip to the content" }).focus();
    await tabTo(page, /Signed in as/);
    await key("Enter");
    await tabTo(page, /Sign out/);
    await key("Enter");
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  });
});

test("state is told by word and shape, not by colour alone", async ({ page, forewarn }) => {
  await register(page, forewarn.url);
  const outlook = page.getByRole("region", { name: "Outlook" });
  await expect(outlook.locator(".state strong")).toHaveText(/Normal|Warning|Alarm|Raised risk|In doubt/);
  await expect(outlook.locator(".state svg")).toBeVisible();
  for (const horizon of await outlook.locator("label.horizon .word").all()) {
    await expect(horizon).toHaveText(/above|below|stale|outside/);
    await expect(horizon.locator("svg")).toBeVisible();
  }
  for (const scenario of await page
    .getByRole("group", { name: "Activate a scenario" })
    .getByRole("button")
    .all())
    await expect(scenario.locator("svg")).toBeVisible();
  await signOut(page);
});

test("the chosen theme holds before the first paint and over a reload", async ({ page, forewarn }) => {
  await register(page, forewarn.url);
  await page.getByRole("button", { name: /Signed in as/ }).click();
  await page.getByRole("radio", { name: "Dark" }).check();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect
    .poll(() => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme))
    .toBe("dark");
});
