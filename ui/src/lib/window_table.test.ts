import { describe, expect, it } from "vitest";
import { emptyCells, isWholeTable, readCells, takeBlock, takeTable } from "./window_table";

const columns = [{ id: "a" }, { id: "b" }];

describe("readCells", () => {
  it("gives rows only when every cell is a number", () => {
    expect(readCells([["1", "2,5"]], columns).rows).toEqual([{ a: 1, b: 2.5 }]);
    expect(readCells([["1", ""]], columns)).toMatchObject({ rows: null, empty: 1 });
    expect(readCells([["1", "x"]], columns)).toMatchObject({ rows: null, wrong: [[0, 1]] });
    expect(readCells([], columns).rows).toBeNull();
  });
});

describe("takeTable", () => {
  it("uses the newest rows and says so", () => {
    const taken = takeTable("time,b,a\nt1,1,10\nt2,2,20\nt3,3,30", columns, 2);
    expect(taken.cells).toEqual([
      ["20", "2"],
      ["30", "3"],
    ]);
    expect(taken.notes).toEqual(["The newest 2 of 3 rows are used.", "Ignored: time."]);
  });
  it("takes nothing over from a table that is too short or lacks a sensor, and says why", () => {
    expect(takeTable("a,b\n1,2", columns, 2).problem).toContain("needs 2");
    expect(takeTable("a\n1\n2", columns, 2).problem).toContain("missing: b");
    expect(takeTable("", columns, 2).problem).toContain("no rows");
  });
  it("leaves unreadable cells empty and names them", () => {
    const taken = takeTable("a;b\n1;bad\n2;3", columns, 2);
    expect(taken.cells[0]).toEqual(["1", ""]);
    expect(taken.notes[0]).toContain("line 2, b");
  });
});

it("lays a block over the table from the cell it was pasted into", () => {
  const cells = takeBlock(emptyCells(3, 3), "1\t2\n3\t4\n", 1, 1);
  expect(cells).toEqual([
    ["", "", ""],
    ["", "1", "2"],
    ["", "3", "4"],
  ]);
  expect(takeBlock(emptyCells(1, 1), "1\t2\n3\t4", 0, 0)).toEqual([["1"]]);
});

it("tells a whole table from a block", () => {
  expect(isWholeTable("1\t2\n3\t4", columns)).toBe(true);
  expect(isWholeTable("1\n2", columns)).toBe(false);
  expect(isWholeTable("5", [{ id: "a" }])).toBe(false);
});
