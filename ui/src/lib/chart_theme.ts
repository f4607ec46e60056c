// The tokens' colours as a canvas needs them: resolved for the theme that is on.

export const kChartColors = [
  "ink",
  "ink-2",
  "curve",
  "curve-2",
  "grid",
  "band",
  "warning-mark",
  "panel",
  "alarm-mark",
  "doubt",
] as const;
export type ChartColors = Record<(typeof kChartColors)[number], string>;

export function chartColors(): ChartColors {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colors: Partial<ChartColors> = {};
  for (const name of kChartColors) {
    probe.style.color = `var(--${name})`;
    colors[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colors as ChartColors;
}

// Calls when another theme is on.
export function watchTheme(call: () => void): () => void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(call);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  query.addEventListener("change", call);
  return () => {
    observer.disconnect();
    query.removeEventListener("change", call);
  };
}
