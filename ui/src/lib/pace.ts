// Calls at most once in a time: at once after a pause, else when the time is over. What is pushed faster than an eye follows
// is shown at the eye's pace.
export class Pace {
  private calledAt = -Infinity;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly everyMs: number,
    private readonly call: () => void,
  ) {}

  ask(): void {
    if (this.timer) return;
    const wait = this.calledAt + this.everyMs - Date.now();
    if (wait <= 0) this.run();
    else this.timer = setTimeout(() => this.run(), wait);
  }

  cancel(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private run(): void {
    this.cancel();
    this.calledAt = Date.now();
    this.call();
  }
}
