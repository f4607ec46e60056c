// The way to the gateway: typed by its OpenAPI document (schema.d.ts is generated from it, `npm run generate`). Paths are
// relative to the page, so that it works at / and behind a proxy's prefix; the session is a cookie no script can read.
import createClient, { type Middleware } from "openapi-fetch";
import { noAnswer, Problem, problemOf } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

export type Reply<T> = { ok: true; data: T } | { ok: false; problem: Problem };

const kTimeoutMs = 15_000;

let onSessionEnd: () => void = () => undefined;
// Called when a request that needs a sign-in is told that there is none.
export function whenSessionEnds(call: () => void): void {
  onSessionEnd = call;
}

const withTimeout: Middleware = {
  onRequest({ request }) {
    return new Request(request, {
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(kTimeoutMs)]),
    });
  },
};

export const client = createClient<paths>({ baseUrl: ".", credentials: "same-origin" });
client.use(withTimeout);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

interface Options {
  signingIn?: boolean; // a 401 is about the password, not the session
}

// Every request's end: the data, or a problem in words. Never throws.
export async function ask<T>(request: Promise<Answer<T>>, options: Options = {}): Promise<Reply<T>> {
  try {
    const { data, error, response } = await request;
    if (response.ok && data !== undefined) return { ok: true, data };
    if (response.status === 401 && !options.signingIn) onSessionEnd();
    return { ok: false, problem: problemOf(response.status, error, response.headers.get("Retry-After")) };
  } catch (cause) {
    return { ok: false, problem: cause instanceof Problem ? cause : noAnswer(cause) };
  }
}
