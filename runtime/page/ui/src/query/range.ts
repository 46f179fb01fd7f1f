// The time that the graphs show, and its address: #/query?g0.expr=up&g0.range_input=1h&g0.end_input=…, as Prometheus' own pages write it,
// so that its links and Alertmanager's work here.
import { formatDuration, parseDuration } from "../format/time";

/** What a query page shows. Times in Unix seconds, lengths in seconds. */
export interface Search {
  queries: { expr: string; view: "graph" | "table" }[];
  range: number;
  /** undefined: up to now. */
  end: number | undefined;
  /** undefined: chosen by the length of the range. */
  step: number | undefined;
  compare: boolean;
}

export const dayBefore = 86_400;
export const defaultRange = 3600;
const niceSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];
const points = 360; // about as many as can be told apart on a screen
const mostPoints = 11_000; // what Prometheus accepts: web/api/v1, "exceeded maximum resolution"

/** The step for a range: a round number, so that points stand at round times. */
export function stepFor(search: Pick<Search, "range" | "step">): number {
  const least = search.range / mostPoints;
  if (search.step !== undefined) return Math.max(search.step, least);
  return niceSteps.find((step) => step >= search.range / points) ?? Math.ceil(search.range / points);
}

/** Start and end on multiples of the step: a graph that follows the present then moves by whole points and does not tremble. */
export function window(search: Pick<Search, "range" | "step" | "end">, now: number): { start: number; end: number; step: number } {
  const step = stepFor(search);
  const end = Math.floor((search.end ?? now) / step) * step;
  return { start: end - Math.ceil(search.range / step) * step, end, step };
}

/** by: part of the range, −1 one range to the past. A move that reaches the present follows it again. */
export function move(search: Search, by: number, now: number): Search {
  const end = (search.end ?? now) + by * search.range;
  return { ...search, end: end >= now ? undefined : end };
}

/** Zooms around the middle; factor 0.5 shows half the time. */
export function zoom(search: Search, factor: number, now: number): Search {
  const range = Math.min(Math.max(search.range * factor, 10), 10 * 365 * 86400);
  if (search.end === undefined) return { ...search, range };
  return between(search, search.end - search.range / 2 - range / 2, search.end - search.range / 2 + range / 2, now);
}

export function between(search: Search, start: number, end: number, now: number): Search {
  return { ...search, range: Math.max(end - start, 1), end: end >= now ? undefined : end };
}

export function parseSearch(params: URLSearchParams): Search {
  const queries: Search["queries"] = [];
  for (let i = 0; params.has(`g${i}.expr`); i++) {
    const tab = params.get(`g${i}.tab`);
    queries.push({ expr: params.get(`g${i}.expr`) ?? "", view: tab === "1" || tab === "table" ? "table" : "graph" });
  }
  const end = params.get("g0.end_input") ?? params.get("g0.moment_input") ?? "";
  return {
    queries: queries.length > 0 ? queries : [{ expr: "", view: "graph" }],
    range: parseDuration(params.get("g0.range_input") ?? "") ?? defaultRange,
    end: parseMoment(end),
    step: parseDuration(params.get("g0.step_input") ?? "") ?? parseDuration(params.get("g0.res_step") ?? ""),
    compare: params.get("g0.compare") === "day",
  };
}

/** Unix seconds, or "2026-11-25 16:45:03" in UTC as Prometheus' links have it. */
function parseMoment(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const ms = Date.parse(`${text.replace(" ", "T").replace(/Z$/, "")}Z`);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

export function formatSearch(search: Search): URLSearchParams {
  const params = new URLSearchParams();
  search.queries.forEach(({ expr, view }, i) => {
    params.set(`g${i}.expr`, expr);
    if (view === "table") params.set(`g${i}.tab`, "table");
  });
  params.set("g0.range_input", formatDuration(search.range));
  if (search.end !== undefined) params.set("g0.end_input", new Date(search.end * 1000).toISOString().slice(0, 19).replace("T", " "));
  if (search.step !== undefined) params.set("g0.step_input", formatDuration(search.step));
  if (search.compare) params.set("g0.compare", "day");
  return params;
}
