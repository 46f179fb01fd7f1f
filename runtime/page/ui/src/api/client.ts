// Requests to the server the page came from. Paths are relative to the page, so that a proxy may put it under any prefix.
import type { QueryData } from "./types";

/** Why a request failed: the server was not reached, said no, or the answer was not its API's. */
export type FailureKind = "unreachable" | "refused" | "forbidden" | "absent" | "foreign" | "query" | "timeout" | "overload" | "unavailable" | "server";

export class Failure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly status = 0,
  ) {
    super(message);
  }
}

export interface Answer<T> {
  data: T;
  warnings: string[];
  infos: string[];
}

interface Envelope<T> {
  status: "success" | "error";
  data?: T;
  errorType?: string;
  error?: string;
  warnings?: string[];
  infos?: string[];
}

export function address(path: string): string {
  return new URL(path, document.baseURI).toString();
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address(path), { ...init, cache: "no-store" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Failure("unreachable", String(error instanceof Error ? error.message : error));
  }
}

/** Reads one answer of the API v1; throws Failure. */
export async function call<T>(path: string, signal: AbortSignal, form?: Record<string, string>): Promise<Answer<T>> {
  const response = await send(`api/v1/${path}`, form ? { method: "POST", body: new URLSearchParams(form), signal } : { signal });
  const text = await response.text();
  let envelope: Envelope<T> | undefined;
  try {
    envelope = JSON.parse(text) as Envelope<T>;
  } catch {
    throw new Failure(kindOfStatus(response.status), text.slice(0, 300).trim(), response.status);
  }
  if (envelope.status !== "success") throw failureOf(envelope.errorType ?? "", envelope.error ?? "", response.status);
  return { data: envelope.data as T, warnings: envelope.warnings ?? [], infos: envelope.infos ?? [] };
}

/** Reads a JSON document that is not wrapped as API v1 answers are. */
export async function read<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await send(path, { signal });
  if (!response.ok) throw new Failure(kindOfStatus(response.status), response.statusText, response.status);
  return (await response.json()) as T;
}

export function kindOfStatus(status: number): FailureKind {
  if (status === 401) return "refused";
  if (status === 403) return "forbidden";
  if (status === 404 || status === 405) return "absent";
  if (status === 503) return "unavailable";
  return status >= 500 ? "server" : "foreign";
}

/** errorType: web/api/v1 of Prometheus, errorNum constants. */
export function failureOf(errorType: string, message: string, status: number): Failure {
  if (/too many samples|exceeds? the limit|maximum resolution/.test(message)) return new Failure("overload", message, status);
  const kinds: Record<string, FailureKind> = { timeout: "timeout", canceled: "timeout", bad_data: "query", execution: "query", unavailable: "unavailable", not_found: "absent" };
  return new Failure(kinds[errorType] ?? kindOfStatus(status), message, status);
}

/** Value of expr at time (Unix seconds). */
export function instant(expr: string, time: number, signal: AbortSignal): Promise<Answer<QueryData>> {
  return call<QueryData>("query", signal, { query: expr, time: String(time) });
}

/** Values of expr from start to end (Unix seconds), step seconds apart. */
export function range(expr: string, start: number, end: number, step: number, signal: AbortSignal): Promise<Answer<QueryData>> {
  return call<QueryData>("query_range", signal, { query: expr, start: String(start), end: String(end), step: String(step) });
}
