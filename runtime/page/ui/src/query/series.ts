// From answers of the API to the columns that uPlot draws.
import type { MatrixSeries, Point, QueryData } from "../api/types";
import { seriesName } from "../parts/labels";

export interface Line {
  name: string;
  /** Place in the palette; a series and its day before share one. */
  colour: number;
  before: boolean;
  values: (number | null)[];
}

export interface Plot {
  times: number[];
  lines: Line[];
  /** Series that the answer has, drawn or not. */
  all: number;
  /** Some series have native histograms, which are not lines. */
  histograms: boolean;
}

/** Value of a sample as a number; uPlot draws gaps for null. Infinities have no place on an axis. */
export function valueOf(text: string): number | null {
  const value = text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text);
  return Number.isFinite(value) ? value : null;
}

function column(points: Point[], start: number, step: number, length: number, shift: number): (number | null)[] {
  const values = new Array<number | null>(length).fill(null);
  for (const [time, text] of points) {
    const i = Math.round((time + shift - start) / step);
    if (i >= 0 && i < length) values[i] = valueOf(text);
  }
  return values;
}

/** Lines over start, start+step, …, end. before: the same query a day (shift seconds) earlier; its lines take the colours of their twins. */
export function plotOf(now: MatrixSeries[], before: MatrixSeries[], w: { start: number; end: number; step: number }, most: number, shift: number): Plot {
  const length = Math.round((w.end - w.start) / w.step) + 1;
  const times = Array.from({ length }, (_, i) => w.start + i * w.step);
  const drawn = now.filter((s) => s.values).slice(0, most);
  const colours = new Map(drawn.map((s, i) => [seriesName(s.metric), i]));
  const lines: Line[] = drawn.map((s, i) => ({ name: seriesName(s.metric), colour: i, before: false, values: column(s.values ?? [], w.start, w.step, length, 0) }));
  for (const s of before.filter((b) => b.values).slice(0, most)) {
    const name = seriesName(s.metric);
    const colour = colours.get(name) ?? colours.size;
    colours.set(name, colour);
    lines.push({ name, colour, before: true, values: column(s.values ?? [], w.start, w.step, length, shift) });
  }
  return { times, lines, all: now.length, histograms: now.some((s) => s.histograms) };
}

export interface Row {
  name: string;
  values: { time: number; text: string; histogram?: { count: number; sum: number } }[];
}

/** Any answer as rows: what the table shows. */
export function rowsOf(data: QueryData): Row[] {
  switch (data.resultType) {
    case "vector":
      return data.result.map(({ metric, value, histogram }) => ({
        name: seriesName(metric),
        values: histogram
          ? [{ time: histogram[0], text: "", histogram: { count: Number(histogram[1].count), sum: Number(histogram[1].sum) } }]
          : value ? [{ time: value[0], text: value[1] }] : [],
      }));
    case "matrix":
      return data.result.map(({ metric, values, histograms }) => ({
        name: seriesName(metric),
        values: [
          ...(values ?? []).map(([time, text]) => ({ time, text })),
          ...(histograms ?? []).map(([time, h]) => ({ time, text: "", histogram: { count: Number(h.count), sum: Number(h.sum) } })),
        ],
      }));
    default:
      return [{ name: data.resultType, values: [{ time: data.result[0], text: data.result[1] }] }];
  }
}
