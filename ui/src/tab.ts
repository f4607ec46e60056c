// The browser's tab: its title and icon carry the number of active warnings; a short tone when one rises, if somebody asked
// for it.
import { preferences } from "$state/page.svelte";

const kMostOnIcon = 10; // its icon says "9+"

export function showOnTab(active: number, page: string, away: boolean): void {
  const count = active > 0 ? `(${active}) ` : "";
  document.title = `${count}${away ? "No connection – " : ""}${page} – Forewarn`;
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  const href = `./icons/${Math.min(active, kMostOnIcon)}.svg`;
  if (link && link.getAttribute("href") !== href) link.setAttribute("href", href);
}

export function soundOnRise(): void {
  if (preferences.sound) playTone();
}

// Two short tones, low enough for tired ears. Browsers allow it once somebody has touched the page.
export function playTone(): void {
  const audio = new AudioContext();
  [0, 0.22].forEach((start, i) => {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    tone.frequency.value = i === 0 ? 660 : 880;
    gain.gain.setValueAtTime(0.0001, audio.currentTime + start);
    gain.gain.exponentialRampToValueAtTime(0.25, audio.currentTime + start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + start + 0.2);
    tone.connect(gain).connect(audio.destination);
    tone.start(audio.currentTime + start);
    tone.stop(audio.currentTime + start + 0.21);
    if (i === 1) tone.onended = () => void audio.close();
  });
}
