import { describe, expect, it } from "vitest";
import { readForm, readJson, writeForm, writeJson } from "./feature_form";

describe("readForm", () => {
  it("leaves empty fields out and names what is no number", () => {
    expect(readForm({ a: "1,5", b: " ", c: "x", d: "-2" })).toEqual({
      features: { a: 1.5, d: -2 },
      faults: { c: "Not a number." },
    });
  });
});

describe("readJson", () => {
  it("reads what was written, and the API's own body", () => {
    const features = { a: 1.25, b: -3e-7 };
    expect(readJson(writeJson(features))).toEqual({ features, faults: [] });
    expect(readJson('{"features": {"a": 1}}').features).toEqual({ a: 1 });
    expect(readForm(writeForm(features)).features).toEqual(features);
  });
  it("says where the text breaks", () => {
    const { features, faults } = readJson('{\n  "a": 1\n  "b": 2\n}');
    expect(features).toBeNull();
    expect(faults[0]).toEqual({ line: 3, column: 3, message: "comma expected" });
  });
  it("takes numbers only", () => {
    expect(readJson('{\n"a": "1"}').faults).toEqual([{ line: 2, column: 1, message: "a is no number" }]);
  });
  it("refuses what is no object", () => {
    for (const text of ["", "[1]", "3", "null"]) expect(readJson(text).features).toBeNull();
  });
});
