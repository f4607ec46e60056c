// Rows of numbers from a spreadsheet's clipboard or a CSV file: tab, semicolon or comma separated, decimal point or comma,
// with or without a line of names. Nothing is dropped silently: what is not used is named. Pure.

export interface TableColumn {
  id: string;
  label?: string | undefined;
}

export interface TableText {
  rows: (number | null)[][]; // a value a column asked for; null where the text has none
  names: string[]; // the columns asked for that the text has
  missing: string[]; // and those it has not
  ignored: string[]; // names in the text that were not asked for
  problems: string[]; // cells that are no numbers, lines of a wrong length
}

const kNumber = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$/;
const kMissing = new Set(["", "-", "–", "nan", "null", "na", "n/a", "#n/a"]);

function separatorOf(lines: readonly string[]): string {
  const head = lines.slice(0, 3).join("\n");
  if (head.includes("\t")) return "\t";
  if (head.includes(";")) return ";";
  return ",";
}

// One line's cells; quotes as in RFC 4180.
function splitLine(line: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line.charAt(i);
    if (quoted) {
      if (c !== '"') cell += c;
      else if (line.charAt(i + 1) === '"') cell += line.charAt(++i);
      else quoted = false;
    } else if (c === '"' && cell === "") quoted = true;
    else if (c === separator) {
      cells.push(cell.trim());
      cell = "";
    } else cell += c;
  }
  cells.push(cell.trim());
  return cells;
}

export function parseNumber(text: string): number | null {
  const plain = text.trim().replace("\u2212", "-").replaceAll("\u202f", "").replaceAll("\u00a0", "");
  return kNumber.test(plain) ? Number(plain.replace(",", ".")) : null;
}

function isNumberOrMissing(cell: string): boolean {
  return kMissing.has(cell.toLowerCase()) || parseNumber(cell) !== null;
}

// Where each asked-for column stands in the text: by the line of names, else by position. A first column of times in a
// text without names is passed over.
function placeColumns(
  columns: readonly TableColumn[],
  names: readonly string[] | null,
  first: readonly string[],
): { places: number[]; ignored: string[] } {
  if (!names) {
    const start = first.length > columns.length && !isNumberOrMissing(first[0] ?? "") ? 1 : 0;
    const places = columns.map((_, i) => (start + i < first.length ? start + i : -1));
    const ignored = first.length - start > columns.length ? [`columns after the ${columns.length}th`] : [];
    return { places, ignored: start ? ["the first column", ...ignored] : ignored };
  }
  const lower = names.map((name) => name.toLowerCase());
  const places = columns.map((column) => {
    const byId = lower.indexOf(column.id.toLowerCase());
    return byId >= 0 || !column.label ? byId : lower.indexOf(column.label.toLowerCase());
  });
  return { places, ignored: names.filter((name, i) => name !== "" && !places.includes(i)) };
}

export function parseTable(text: string, columns: readonly TableColumn[]): TableText {
  const lines = text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/)
    .map((line, i) => ({ line, number: i + 1 }))
    .filter((entry) => entry.line.trim() !== "");
  const separator = separatorOf(lines.map((entry) => entry.line));
  const cells = lines.map((entry) => splitLine(entry.line, separator));
  const known = new Set(
    columns.flatMap((c) => [c.id.toLowerCase(), ...(c.label ? [c.label.toLowerCase()] : [])]),
  );
  const head = cells[0] ?? [];
  const hasNames =
    head.some((cell) => known.has(cell.toLowerCase())) ||
    (head.length > 0 && head.every((cell) => !isNumberOrMissing(cell)));
  const body = hasNames ? cells.slice(1) : cells;
  const { places, ignored } = placeColumns(columns, hasNames ? head : null, body[0] ?? head);
  const problems: string[] = [];
  const rows = body.map((row, r) => {
    const line = lines[r + (hasNames ? 1 : 0)]?.number ?? 0;
    if (row.length !== head.length)
      problems.push(`line ${line} has ${row.length} cells, the first line has ${head.length}`);
    return places.map((place, c) => {
      const cell = place >= 0 ? (row[place] ?? "") : "";
      const value = parseNumber(cell);
      if (value === null && !kMissing.has(cell.toLowerCase()))
        problems.push(`line ${line}, ${columns[c]?.id ?? ""}: “${cell.slice(0, 30)}” is no number`);
      return value;
    });
  });
  return {
    rows,
    names: columns.filter((_, c) => (places[c] ?? -1) >= 0).map((column) => column.id),
    missing: columns.filter((_, c) => (places[c] ?? -1) < 0).map((column) => column.id),
    ignored,
    problems,
  };
}
