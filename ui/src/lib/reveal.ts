// Brings a panel before the eye that has just been filled, unless its beginning is there already.
export function reveal(panel: HTMLElement | undefined): void {
  if (!panel) return;
  const { top } = panel.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) panel.scrollIntoView({ block: "start" });
}
