// Numbers as people read them: three significant digits and a unit.

export type Unit = "none" | "bytes" | "bytes/s" | "seconds" | "ratio" | "per second";

const binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const decimal = ["", "k", "M", "G", "T", "P"];
const small = ["", "m", "µ", "n"];

/** To three digits, or to a whole number when it has more. */
function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}

export function digits(value: number): string {
  return rounded(value).toString().replace("-", "−");
}

function scaled(value: number, base: number, names: string[]): string {
  let size = Math.abs(value);
  let i = 0;
  // 999.6 would round to 1000: that is one of the next unit.
  while (i < names.length - 1 && rounded(size) >= base) {
    size /= base;
    i++;
  }
  return `${digits(Math.sign(value) * size)} ${names[i]}`.trim();
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return undefined;
}

export function bytes(value: number): string {
  return special(value) ?? scaled(value, 1024, binary);
}

/** 1.2 k, 3 M; below 1: 20 m, 3 µ. Tiny values that would need more are written with an exponent. */
export function count(value: number): string {
  const odd = special(value);
  if (odd) return odd;
  if (value === 0) return "0";
  let size = Math.abs(value);
  if (size >= 0.01) return scaled(value, 1000, decimal).replace(" ", "\u202f");
  let i = 0;
  while (size < 1 && i < small.length - 1) {
    size *= 1000;
    i++;
  }
  if (size < 1) return value.toExponential(1).replace("-", "−");
  return `${digits(Math.sign(value) * size)}\u202f${small[i]}`;
}

export function percent(ratio: number): string {
  const odd = special(ratio);
  if (odd) return odd;
  const value = ratio * 100;
  return `${(Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(1)).replace("-", "−")} %`;
}

/** A length of time: 340 ms, 12 s, 5 min 20 s, 3 h 5 min, 2 d 4 h. */
export function duration(seconds: number): string {
  const odd = special(seconds);
  if (odd) return odd;
  const sign = seconds < 0 ? "−" : "";
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  if (size < 1e-6) return `${sign}${digits(size * 1e9)} ns`;
  if (size < 1e-3) return `${sign}${digits(size * 1e6)} µs`;
  if (size < 0.9995) return `${sign}${digits(size * 1e3)} ms`;
  if (size < 10) return `${sign}${digits(size)} s`;
  return sign + whole(Math.round(size));
}

function whole(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86400), "d"],
    [Math.floor((seconds % 86400) / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, name]) => `${n} ${name}`)
    .join(" ");
}

export function withUnit(value: number, unit: Unit): string {
  switch (unit) {
    case "bytes":
      return bytes(value);
    case "bytes/s":
      return `${bytes(value)}/s`;
    case "seconds":
      return duration(value);
    case "ratio":
      return percent(value);
    case "per second":
      return `${count(value)}/s`;
    default:
      return count(value);
  }
}

/** The unit of a PromQL expression, by the naming rules of prometheus.io/docs/practices/naming; "none" when not sure. */
export function unitOf(expr: string): Unit {
  const flat = expr.replace(/"[^"]*"|\{[^}]*\}|\[[^\]]*\]/g, "").trim();
  if (/(^|[^*])\/[^/]|\b(count|count_values|changes|resets|absent|time|topk_over)\s*(by|without)?\s*\(/.test(flat)) {
    return /_bytes\b.*\/.*_bytes\b|_ratio\b/.test(flat) ? "ratio" : "none";
  }
  const rate = /\b(rate|irate|deriv)\s*\(/.test(flat);
  if (/_ratio\b/.test(flat)) return "ratio";
  if (/_bytes(_total|_sum)?\b/.test(flat)) return rate ? "bytes/s" : "bytes";
  if (/\bhistogram_quantile\b.*_seconds/.test(flat)) return "seconds";
  if (/_seconds(_total|_sum)?\b/.test(flat)) return rate || /_timestamp_seconds|_time_seconds|^time\b/.test(flat) ? "none" : "seconds";
  return rate ? "per second" : "none";
}
