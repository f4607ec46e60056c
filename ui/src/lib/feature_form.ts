// The Predict form's texts and what they mean: a text a feature, a JSON text of them all, and what is wrong with either. Pure.
import { parse, printParseErrorCode, type ParseError } from "jsonc-parser";
import { parseNumber } from "./table_text";

export type FormTexts = Record<string, string>;

export interface FormValues {
  features: Record<string, number>;
  faults: Record<string, string>; // by feature
}

// Empty fields are left out: the model imputes them and says so.
export function readForm(texts: FormTexts): FormValues {
  const features: Record<string, number> = {};
  const faults: Record<string, string> = {};
  for (const [name, text] of Object.entries(texts)) {
    if (text.trim() === "") continue;
    const value = parseNumber(text);
    if (value === null) faults[name] = "Not a number.";
    else features[name] = value;
  }
  return { features, faults };
}

export function writeForm(features: Record<string, number>): FormTexts {
  return Object.fromEntries(Object.entries(features).map(([name, value]) => [name, String(value)]));
}

export interface JsonFault {
  line: number;
  column: number;
  message: string;
}

export interface JsonRead {
  features: Record<string, number> | null; // null: there are faults
  faults: JsonFault[];
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before[before.length - 1] ?? "").length + 1 };
}

// "CommaExpected" → "comma expected".
function wordsOf(error: ParseError): string {
  return printParseErrorCode(error.error)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
}

// Reads {"feature": number, …} or {"features": {…}}, as the API takes it.
export function readJson(text: string): JsonRead {
  const errors: ParseError[] = [];
  const options = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };
  const value: unknown = parse(text, errors, options);
  if (errors.length > 0)
    return {
      features: null,
      faults: errors.map((error) => ({ ...placeOf(text, error.offset), message: wordsOf(error) })),
    };
  const whole =
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  const inner = whole?.["features"];
  const object = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : whole;
  if (!object)
    return {
      features: null,
      faults: [{ line: 1, column: 1, message: 'an object of features is expected: {"name": number, …}' }],
    };
  const features: Record<string, number> = {};
  const faults: JsonFault[] = [];
  for (const [name, given] of Object.entries(object)) {
    if (typeof given === "number") features[name] = given;
    else
      faults.push({
        ...placeOf(text, Math.max(0, text.indexOf(JSON.stringify(name)))),
        message: `${name} is no number`,
      });
  }
  return faults.length > 0 ? { features: null, faults } : { features, faults };
}

export function writeJson(features: Record<string, number>): string {
  return JSON.stringify(features, null, 2);
}
