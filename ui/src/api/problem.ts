// What went wrong with a request, in words for the person in front of the page. Built from the gateway's
// application/problem+json, or from the fact that there was no answer. Pure.

export interface Fault {
  pointer: string;
  detail: string;
}

export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number, // 0: no answer
    message: string,
    readonly faults: readonly Fault[] = [],
    readonly retryAfterSeconds: number | null = null,
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }

  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }

  // What the fault at a JSON pointer says, if there is one.
  at(pointer: string): string | undefined {
    return this.faults.find((fault) => fault.pointer === pointer)?.detail;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function faultsOf(body: Record<string, unknown>): Fault[] {
  const errors = body["errors"];
  if (!Array.isArray(errors)) return [];
  return errors.filter(isRecord).flatMap((error) => {
    const { pointer, detail } = error;
    return typeof pointer === "string" && typeof detail === "string" ? [{ pointer, detail }] : [];
  });
}

const kWithoutDetail: Readonly<Record<number, string>> = {
  401: "You are not signed in.",
  403: "You may not do this.",
  404: "That is not there any more.",
  413: "That is too large to send.",
  429: "Too many tries. Wait a moment.",
  502: "The gateway cannot reach the service behind it.",
  503: "The service is not ready yet.",
};

export function problemOf(status: number, body: unknown, retryAfter: string | null = null): Problem {
  const seconds = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  const record = isRecord(body) ? body : {};
  const detail = record["detail"];
  const message =
    typeof detail === "string" && detail !== ""
      ? detail
      : (kWithoutDetail[status] ?? `The gateway answered with status ${status}. Try again.`);
  return new Problem(status, message, faultsOf(record), seconds, record);
}

// For what fetch throws.
export function noAnswer(cause: unknown): Problem {
  const late = cause instanceof DOMException && cause.name === "TimeoutError";
  return new Problem(
    0,
    late
      ? "The gateway did not answer in time. Try again."
      : "The gateway cannot be reached. Check the network; the page goes on by itself when it is back.",
  );
}
