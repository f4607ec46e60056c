// Outlines of the page's icons on a grid of 24.
export const kPaths = {
  dashboard: "M4 20v-7M10 20V8M16 20v-9M21 20H3M20 4l-4 4-5-4-7 6",
  history: "M4 5v5h5M4.5 10a8 8 0 1 1-.4 4M12 8v4.5l3 2",
  predict: "M4 19a8.5 8.5 0 1 1 16 0M12 17l4-6",
  forecast: "M4 18l5-6 4 3 2-3M15 12l5-7M20 10V5h-5M4 21h16",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20a7.5 7.5 0 0 1 15 0",
  up: "M12 20V5M6 11l6-6 6 6",
  upRight: "M6 18 18 6M9 6h9v9",
  right: "M4 12h15M13 6l6 6-6 6",
  downRight: "M6 6l12 12M18 9v9H9",
  down: "M12 4v15M6 13l6 6 6-6",
  expand: "M5 9l7 7 7-7",
  collapse: "M5 15l7-7 7 7",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13",
  refresh: "M20 5v5h-5M19.5 10a8 8 0 1 0 .4 4",
  download: "M12 4v11M7 10l5 5 5-5M4 20h16",
  upload: "M12 20V9M7 14l5-5 5 5M4 4h16",
  play: "M8 5l11 7-11 7Z",
} as const;
export type IconName = keyof typeof kPaths;
