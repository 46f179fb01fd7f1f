// One row per host from the answers to questions.ts.
import type { MatrixSeries, VectorSample } from "../api/types";
import { valueOf } from "../query/series";
import type { Drawn, Shown } from "./questions";

export interface Host {
  instance: string;
  name: string;
  system: string;
  answering: boolean;
  cores: number | undefined;
  memoryTotal: number | undefined;
  mount: string | undefined;
  diskFree: number | undefined;
  uptime: number | undefined;
  /** Seconds ahead of the server. */
  clock: number | undefined;
  synced: boolean | undefined;
  /** Newest values: ratios, and bytes per second. */
  now: Partial<Record<Drawn, number>>;
  curves: Partial<Record<Drawn, (number | null)[]>>;
}

export interface Answers {
  shown: Record<Shown, VectorSample[]>;
  drawn: Record<Drawn, MatrixSeries[]>;
  start: number;
  step: number;
  points: number;
}

export const columns: Drawn[] = ["cpu", "memory", "disk", "received", "sent"];

export function hostsOf(a: Answers): Host[] {
  const seen = new Map<string, Host>();
  for (const { metric } of a.shown.known) {
    const instance = metric.instance ?? "";
    if (!seen.has(instance)) seen.set(instance, host(instance, metric.job ?? "", metric, a));
  }
  return [...seen.values()];
}

function host(instance: string, job: string, uname: Record<string, string>, a: Answers): Host {
  const find = (key: Shown) => a.shown[key].find((s) => s.metric.instance === instance);
  const number = (key: Shown) => numberOf(find(key));
  const mount = find("fullest")?.metric.mountpoint;
  const free = a.shown.free.find((s) => s.metric.instance === instance && s.metric.mountpoint === mount);
  const synced = number("synced");
  const curves = Object.fromEntries(columns.map((c) => [c, curve(a.drawn[c].find((s) => s.metric.instance === instance), a)]));
  const now = Object.fromEntries(columns.map((c) => [c, curves[c]?.findLast((v) => v !== null) ?? undefined]).filter(([, v]) => v !== undefined));
  return {
    instance,
    name: uname.nodename || instance,
    system: [find("system")?.metric.pretty_name ?? uname.sysname, uname.machine].filter(Boolean).join(" · "),
    answering: numberOf(a.shown.up.find((s) => s.metric.instance === instance && s.metric.job === job)) === 1,
    cores: number("cores"),
    memoryTotal: number("total"),
    mount,
    diskFree: numberOf(free),
    uptime: number("uptime"),
    clock: number("clock"),
    synced: synced === undefined ? undefined : synced === 1,
    now,
    curves,
  };
}

function numberOf(sample: VectorSample | undefined): number | undefined {
  return sample?.value ? (valueOf(sample.value[1]) ?? undefined) : undefined;
}

function curve(series: MatrixSeries | undefined, a: Answers): (number | null)[] {
  const values = new Array<number | null>(a.points).fill(null);
  for (const [time, text] of series?.values ?? []) {
    const i = Math.round((time - a.start) / a.step);
    if (i >= 0 && i < a.points) values[i] = valueOf(text);
  }
  return values;
}

export const orders = ["name", "cpu", "memory", "disk", "network", "clock"] as const;
export type Order = (typeof orders)[number];

/** Names ascending; everything else with the one to look at first. */
export function sorted(hosts: Host[], order: Order): Host[] {
  const weight = (h: Host): number => {
    switch (order) {
      case "network": return (h.now.received ?? 0) + (h.now.sent ?? 0);
      case "clock": return Math.abs(h.clock ?? 0);
      case "name": return 0;
      default: return h.now[order] ?? -1;
    }
  };
  const byName = (a: Host, b: Host) => a.name.localeCompare(b.name, undefined, { numeric: true }) || a.instance.localeCompare(b.instance);
  return hosts.toSorted((a, b) => Number(a.answering) - Number(b.answering) || weight(b) - weight(a) || byName(a, b));
}

/** The shortest of lengths (ascending, seconds) that shows everything since oldest, or the longest. */
export function lengthFor(oldest: number, now: number, lengths: number[]): number {
  return lengths.find((length) => now - oldest < length) ?? lengths.at(-1) ?? 3600;
}
