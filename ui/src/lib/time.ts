// Instants as text in the operator's zone or in UTC, always of the form 2021-08-28 14:05:09. Pure but for the
// browser's own zone.

export type ZoneChoice = "local" | "utc";

export const kLocalZone: string = Intl.DateTimeFormat().resolvedOptions().timeZone;

interface Parts {
  date: string;
  minute: string;
  second: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
    formats.set(zone, format);
  }
  return format;
}

function partsOf(time: number, zone: string): Parts {
  const found: Record<string, string> = {};
  for (const part of formatOf(zone).formatToParts(time)) found[part.type] = part.value;
  const minute = `${found["hour"] ?? ""}:${found["minute"] ?? ""}`;
  return {
    date: `${found["year"] ?? ""}-${found["month"] ?? ""}-${found["day"] ?? ""}`,
    minute,
    second: `${minute}:${found["second"] ?? ""}`,
  };
}

export function zoneOf(choice: ZoneChoice): string {
  return choice === "utc" ? "UTC" : kLocalZone;
}

// Milliseconds since the epoch of an ISO 8601 instant; NaN where it is none.
export function parseTime(text: string | null | undefined): number {
  return text == null ? NaN : Date.parse(text);
}

export function formatTime(time: number, zone: string): string {
  return Number.isFinite(time) ? partsOf(time, zone).second : "–";
}

export function formatMinute(time: number, zone: string): string {
  return Number.isFinite(time) ? partsOf(time, zone).minute : "–";
}

export function formatDate(time: number, zone: string): string {
  return Number.isFinite(time) ? partsOf(time, zone).date : "–";
}

export function formatDateTime(time: number, zone: string, seconds = false): string {
  if (!Number.isFinite(time)) return "–";
  const parts = partsOf(time, zone);
  return `${parts.date} ${seconds ? parts.second : parts.minute}`;
}

// "GMT+2", "UTC".
export function zoneLabel(zone: string, time: number): string {
  if (zone === "UTC") return "UTC";
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    timeZoneName: "shortOffset",
  }).formatToParts(time);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

// What an <input type="datetime-local"> holds, read in the zone; null where it is empty or wrong. The offset is found by
// asking what the zone shows at the guess; twice, for hours beside a change of clocks.
export function parseLocalInput(text: string, zone: string): number | null {
  const wall = Date.parse(`${text}Z`);
  if (!Number.isFinite(wall)) return null;
  let time = wall;
  for (let pass = 0; pass < 2; pass++) {
    const shown = Date.parse(`${formatDateTime(time, zone, true).replace(" ", "T")}Z`);
    time += wall - shown;
  }
  return time;
}

export function toLocalInput(time: number, zone: string): string {
  return Number.isFinite(time) ? formatDateTime(time, zone).replace(" ", "T") : "";
}
