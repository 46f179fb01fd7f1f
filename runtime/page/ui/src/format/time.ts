// Times of day, in the zone of the browser, and Prometheus' durations.

const pad = (n: number) => String(n).padStart(2, "0");

/** 2026-11-25 16:45:03, in local time; unix in seconds. */
export function stamp(unix: number): string {
  const d = new Date(unix * 1000);
  return `${day(unix)} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

export function day(unix: number): string {
  const d = new Date(unix * 1000);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
}

/** Unix seconds of an RFC 3339 time; undefined for Go's zero time ("0001-01-01T00:00:00Z"). */
export function parseTime(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms / 1000;
}

const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400, w: 604800, y: 31536000 };

/** Seconds of a Prometheus duration: "1h30m", "15s", "90" (seconds); undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) || undefined;
  if (!/^(\d+(ms|[smhdwy]))+$/.test(trimmed)) return undefined;
  let total = 0;
  for (const [, n, unit] of trimmed.matchAll(/(\d+)(ms|[smhdwy])/g)) total += Number(n) * (units[unit ?? ""] ?? 0);
  return total || undefined;
}

/** The shortest Prometheus duration: 5400 → "1h30m". */
export function formatDuration(seconds: number): string {
  let rest = Math.round(seconds * 1000);
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"]) {
    const size = Math.round((units[unit] ?? 1) * 1000);
    const n = Math.floor(rest / size);
    if (n > 0) text += `${n}${unit}`;
    rest -= n * size;
  }
  return text || "0s";
}
