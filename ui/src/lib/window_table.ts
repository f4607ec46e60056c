// The Forecast page's table: a text a cell, the oldest row first. Pure.
import { parseNumber, parseTable, type TableColumn } from "./table_text";

export type Cells = readonly (readonly string[])[];

export function emptyCells(rows: number, columns: number): string[][] {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => ""));
}

export function cellsOf(rows: readonly (readonly (number | null)[])[]): string[][] {
  return rows.map((row) => row.map((value) => (value === null ? "" : String(value))));
}

export interface WindowRead {
  rows: Record<string, number>[] | null; // null: something is missing or wrong
  empty: number; // cells
  wrong: [number, number][]; // row and column of what is no number
}

export function readCells(cells: Cells, columns: readonly TableColumn[]): WindowRead {
  const wrong: [number, number][] = [];
  let empty = 0;
  const rows = cells.map((row, r) => {
    const values: Record<string, number> = {};
    columns.forEach((column, c) => {
      const text = row[c] ?? "";
      const value = parseNumber(text);
      if (value !== null) values[column.id] = value;
      else if (text.trim() === "") empty++;
      else wrong.push([r, c]);
    });
    return values;
  });
  return { rows: empty === 0 && wrong.length === 0 && rows.length > 0 ? rows : null, empty, wrong };
}

export interface Pasted {
  cells: string[][];
  notes: string[]; // what was used and what was not
  problem: string | null; // nothing was taken over, and why
}

// A whole table (a CSV file, or a clipboard with names or as many columns as sensors): its newest rows replace the window.
export function takeTable(text: string, columns: readonly TableColumn[], window: number): Pasted {
  const table = parseTable(text, columns);
  const none = { cells: [], notes: [] };
  if (table.rows.length === 0) return { ...none, problem: "There are no rows in it." };
  if (table.missing.length > 0)
    return {
      ...none,
      problem: `Columns are missing: ${table.missing.join(", ")}. Name them in the first line, or give all ${columns.length} in the table's order.`,
    };
  if (table.rows.length < window)
    return { ...none, problem: `It has ${table.rows.length} rows; a forecast needs ${window}.` };
  const notes: string[] = [];
  if (table.rows.length > window) notes.push(`The newest ${window} of ${table.rows.length} rows are used.`);
  if (table.ignored.length > 0) notes.push(`Ignored: ${table.ignored.join(", ")}.`);
  const shown = table.problems.slice(0, 3).join("; ");
  if (table.problems.length > 0)
    notes.push(
      `Left empty: ${shown}${table.problems.length > 3 ? ` and ${table.problems.length - 3} more` : ""}.`,
    );
  return { cells: cellsOf(table.rows.slice(-window)), notes, problem: null };
}

export function isWholeTable(text: string, columns: readonly TableColumn[]): boolean {
  const { names, rows } = parseTable(text, columns);
  return rows.length > 1 && names.length === columns.length;
}

// A block of cells laid over the table from one cell on; what sticks out is cut.
export function takeBlock(cells: Cells, text: string, row: number, column: number): string[][] {
  const block = text
    .replace(/\r?\n$/, "")
    .split(/\r?\n/)
    .map((line) => line.split("\t"));
  return cells.map((line, r) => line.map((old, c) => block[r - row]?.[c - column]?.trim() ?? old));
}
