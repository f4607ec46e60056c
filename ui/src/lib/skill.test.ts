import { expect, it } from "vitest";
import { skillWords } from "./skill";

it("words every verdict and keeps its figures", () => {
  expect(skillWords("skill (AP .79 beside .43)")).toEqual({
    kind: "normal",
    text: "Beats the trivial baselines",
    why: "AP .79 beside .43",
  });
  expect(skillWords("worse than trivial (level)")).toMatchObject({
    kind: "doubt",
    text: "Worse than a trivial baseline",
    why: "level",
  });
  expect(skillWords("no skill shown")).toMatchObject({ kind: "doubt", why: "" });
  expect(skillWords("too few events")).toMatchObject({ kind: "doubt", text: "Too few events" });
  expect(skillWords(undefined)).toMatchObject({ kind: "doubt", text: "Not judged yet" });
});
