import { describe, expect, it } from "vitest";
import { parseNumber, parseTable } from "./table_text";

const columns = [
  { id: "t1", label: "Temperature" },
  { id: "p2", label: "Pressure" },
];

describe("parseTable", () => {
  it("reads a spreadsheet's clipboard without names, by position", () => {
    const table = parseTable("1,5\t2\n3\t4,25\n", columns);
    expect(table.rows).toEqual([
      [1.5, 2],
      [3, 4.25],
    ]);
    expect(table.problems).toEqual([]);
  });
  it("finds columns by id or label in any order and case, and names what it ignores", () => {
    const table = parseTable("Timestamp,PRESSURE,t1\n2021-01-01T00:00Z,2,1\n", columns);
    expect(table.rows).toEqual([[1, 2]]);
    expect(table.ignored).toEqual(["Timestamp"]);
    expect(table.missing).toEqual([]);
  });
  it("reads semicolons with decimal commas, quotes and a byte order mark", () => {
    const table = parseTable('\ufeff"t1";"p2"\r\n"1,5";-2,5e1\r\n', columns);
    expect(table.rows).toEqual([[1.5, -25]]);
  });
  it("names missing columns and cells that are no numbers, with their line", () => {
    const table = parseTable("t1\n1\n\nbad\n", columns);
    expect(table.missing).toEqual(["p2"]);
    expect(table.rows).toEqual([
      [1, null],
      [null, null],
    ]);
    expect(table.problems).toEqual(["line 4, t1: “bad” is no number"]);
  });
  it("says where a line is shorter than the first", () => {
    expect(parseTable("1\t2\n3\n", columns).problems).toEqual(["line 2 has 1 cells, the first line has 2"]);
  });
  it("passes over a first column of times and says so", () => {
    const table = parseTable("2021-01-01 00:00\t1\t2\n2021-01-01 01:00\t3\t4", columns);
    expect(table.rows).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(table.ignored).toEqual(["the first column"]);
  });
  it("takes empty text for an empty table", () => {
    expect(parseTable("", columns).rows).toEqual([]);
  });
  it("treats unknown names as names, not as numbers", () => {
    const table = parseTable("a,b\n1,2", columns);
    expect(table.rows).toHaveLength(1);
    expect(table.missing).toEqual(["t1", "p2"]);
    expect(table.ignored).toEqual(["a", "b"]);
  });
});

it("reads numbers as people write them, and nothing else", () => {
  expect(parseNumber("−3,5")).toBe(-3.5);
  expect(parseNumber("1\u202f000")).toBe(1000);
  for (const wrong of ["", "1.2.3", "0x10", "1 2", "Infinity", "1,000.5"])
    expect(parseNumber(wrong)).toBeNull();
});
