import { expect, it } from "vitest";
import { timeLabels } from "./chart_options";

const hours = (...list: number[]) =>
  list.map((hour) => Date.parse("2021-03-01T00:00:00Z") / 1000 + hour * 3600);

it("puts the date under the first hour of each day", () => {
  expect(timeLabels(hours(6, 12, 18, 24, 30), 21600, "UTC")).toEqual([
    "06:00\n2021-03-01",
    "12:00",
    "18:00",
    "00:00\n2021-03-02",
    "06:00",
  ]);
});
it("leaves out a first date that the next would touch", () => {
  expect(timeLabels(hours(18, 24), 21600, "UTC")).toEqual(["18:00", "00:00\n2021-03-02"]);
});
it("names days where a step is a day, in the zone asked for", () => {
  expect(timeLabels(hours(0, 24), 86400, "UTC")).toEqual(["2021-03-01", "2021-03-02"]);
  expect(timeLabels(hours(23), 3600, "Asia/Tokyo")).toEqual(["08:00\n2021-03-02"]);
});
it("tells seconds apart where a step is shorter than a minute", () => {
  expect(timeLabels(hours(1), 15, "UTC")).toEqual(["01:00:00\n2021-03-01"]);
});
