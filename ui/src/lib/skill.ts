// A model's verdict as the registry words it ("skill (…)", "no skill shown (…)", "worse than trivial (…)"), for people. Pure.
import type { Kind } from "./kind";

export interface SkillWords {
  kind: Kind;
  text: string;
  why: string; // the figures behind it; may be empty
}

export function skillWords(skill: string | undefined): SkillWords {
  const [verdict = "", figures = ""] = (skill ?? "").split(/\s*\((.*)\)\s*$/s);
  if (verdict === "skill") return { kind: "normal", text: "Beats the trivial baselines", why: figures };
  if (verdict === "") return { kind: "doubt", text: "Not judged yet", why: figures };
  const text = verdict.startsWith("worse")
    ? "Worse than a trivial baseline"
    : verdict.startsWith("no skill")
      ? "No skill shown against trivial baselines"
      : verdict.charAt(0).toUpperCase() + verdict.slice(1);
  return { kind: "doubt", text, why: figures };
}
