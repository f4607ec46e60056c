import { describe, expect, it } from "vitest";
import * as t from "./time";

const winter = Date.parse("2021-01-15T23:05:09Z");
const summer = Date.parse("2021-07-15T23:05:09Z");

describe("formatting", () => {
  it("writes the zone's own date and time", () => {
    expect(t.formatDateTime(winter, "Europe/Berlin")).toBe("2021-01-16 00:05");
    expect(t.formatDateTime(summer, "Europe/Berlin", true)).toBe("2021-07-16 01:05:09");
    expect(t.formatTime(winter, "UTC")).toBe("23:05:09");
    expect(t.formatTime(Date.parse("2021-01-15T00:00:00Z"), "UTC")).toBe("00:00:00");
  });
  it("says that there is no time", () => {
    expect(t.formatDateTime(t.parseTime(undefined), "UTC")).toBe("–");
    expect(t.formatTime(t.parseTime("soon"), "UTC")).toBe("–");
  });
  it("names the zone's offset", () => {
    expect(t.zoneLabel("UTC", winter)).toBe("UTC");
    expect(t.zoneLabel("Europe/Berlin", summer)).toBe("GMT+2");
  });
});

describe("parseLocalInput", () => {
  it("reads what it wrote, in summer and winter", () => {
    for (const time of [winter, summer]) {
      const minute = Math.floor(time / 60000) * 60000;
      for (const zone of ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
        expect(t.parseLocalInput(t.toLocalInput(time, zone), zone)).toBe(minute);
    }
  });
  it("refuses what is no time", () => {
    expect(t.parseLocalInput("", "UTC")).toBeNull();
    expect(t.parseLocalInput("2021-13-01T00:00", "UTC")).toBeNull();
  });
});
