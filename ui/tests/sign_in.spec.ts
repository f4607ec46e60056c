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

test("a wrong password is said in words, at its place, and nothing is given away", async ({
  page,
  forewarn,
}) => {
  const name = await register(page, forewarn.url);
  await signOut(page);
  const words = "User name or password is wrong. Check both and try again.";
  await signIn(page, name, "not the password");
  await expect(page.getByRole("alert")).toHaveText(words);
  await signIn(page, newName("nobody"), "not the password");
  await expect(page.getByRole("alert")).toHaveText(words);
  await signIn(page, name);
  await expect(page.getByRole("region", { name: "Outlook" })).toBeVisible();
});

test("registering asks the password twice and says every fault", async ({ page, forewarn }) => {
  const taken = await register(page, forewarn.url);
  await signOut(page);
  await page.getByRole("link", { name: /Register/ }).click();
  await page.getByLabel("User name").fill("ab");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByLabel("Password again").fill("other");
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.locator(".fault")).toHaveText([
    "At least 3 characters.",
    "At least 8 characters.",
    "The two passwords differ.",
  ]);
  await page.getByLabel("User name").fill(taken);
  await page.getByLabel("Password", { exact: true }).fill(kPassword);
  await page.getByLabel("Password again").fill(kPassword);
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.locator(".fault")).toHaveText("This user name is taken. Choose another.");
});

test("a deep link survives the sign-in", async ({ page, forewarn }) => {
  const name = await register(page, forewarn.url);
  await signOut(page);
  await page.goto(`${forewarn.url}/#/history?type=forecast_3h`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await signIn(page, name);
  await expect(page).toHaveURL(/#\/history\?type=forecast_3h$/);
  await expect(page.getByLabel("Type")).toHaveValue("forecast_3h");
});

test("an ended session asks to sign in again and goes on where it was", async ({
  page,
  forewarn,
  context,
}) => {
  const name = await register(page, forewarn.url);
  await goTo(page, "Predict");
  const other = await context.newPage(); // the same cookie: signing out there ends the session here
  await other.goto(`${forewarn.url}/`);
  await signOut(other);
  await page.getByRole("button", { name: "Now", exact: true }).click();
  await expect(
    page.getByText("Your session has ended. Sign in again to go on where you were."),
  ).toBeVisible();
  await noViolations(page, "session ended");
  await signIn(page, name);
  await expect(page).toHaveURL(/#\/predict$/);
  await expect(connection(page)).toContainText("Live since");
});

test("the password is changed, and the old one is not taken any more", async ({ page, forewarn }) => {
  const name = await register(page, forewarn.url);
  await page.getByRole("button", { name: /Signed in as/ }).click();
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByLabel("Current password").fill(kPassword);
  await page.getByLabel("New password", { exact: true }).fill("a newer password");
  await page.getByLabel("New password again").fill("a newer password");
  await page.getByRole("button", { name: "Change it" }).click();
  await expect(page.getByText("The password is changed.")).toBeVisible();
  await signOut(page);
  await signIn(page, name);
  await expect(page.getByRole("alert")).toBeVisible();
  await signIn(page, name, "a newer password");
  await expect(page.getByRole("region", { name: "Outlook" })).toBeVisible();
});
