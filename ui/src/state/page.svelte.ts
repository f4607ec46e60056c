// What the page itself is about: where it is, what time it is, how it looks, what it has to say.
import { hashOf, parseHash, type Page, type Route } from "$lib/router";
import { zoneOf, type ZoneChoice } from "$lib/time";

class Router {
  route = $state.raw<Route>(parseHash(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.route = parseHash(location.hash)));
  }

  go(page: Page, query?: Parameters<typeof hashOf>[1]): void {
    location.hash = hashOf(page, query);
  }

  // The same page with another query, as one step back in the browser's history or none.
  replaceQuery(query: Parameters<typeof hashOf>[1]): void {
    history.replaceState(null, "", hashOf(this.route.page, query));
    this.route = parseHash(location.hash);
  }
}

// One clock for everything that says how long ago; it stands still while nobody looks.
class Clock {
  now = $state(Date.now());

  constructor() {
    setInterval(() => {
      if (!document.hidden) this.now = Date.now();
    }, 500);
    document.addEventListener("visibilitychange", () => (this.now = Date.now()));
  }
}

export type Theme = "system" | "light" | "dark";

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is off: the choice lasts as long as the page
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // as above
  }
}

class Preferences {
  theme = $state<Theme>("system");
  zoneChoice = $state<ZoneChoice>(stored("forewarn.zone") === "utc" ? "utc" : "local");
  sound = $state(stored("forewarn.sound") === "on");
  readonly zone = $derived(zoneOf(this.zoneChoice));

  constructor() {
    const theme = stored("forewarn.theme");
    if (theme === "light" || theme === "dark") this.setTheme(theme);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    store("forewarn.theme", theme);
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }

  setZone(choice: ZoneChoice): void {
    this.zoneChoice = choice;
    store("forewarn.zone", choice);
  }

  setSound(on: boolean): void {
    this.sound = on;
    store("forewarn.sound", on ? "on" : "off");
  }
}

export interface Notice {
  id: number;
  text: string;
  problem: boolean;
  action?: { label: string; run: () => void } | undefined;
}

class Notices {
  list = $state.raw<readonly Notice[]>([]);
  private nextId = 1;

  say(text: string, action?: Notice["action"]): void {
    this.add({ id: this.nextId++, text, problem: false, action });
  }

  complain(text: string): void {
    this.add({ id: this.nextId++, text, problem: true });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  private add(notice: Notice): void {
    this.list = [...this.list.slice(-2), notice];
  }
}

export const router = new Router();
export const clock = new Clock();
export const preferences = new Preferences();
export const notices = new Notices();
