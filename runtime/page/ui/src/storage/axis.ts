// Blocks on a time axis. Times in Unix seconds; places are parts of the width, 0 to 1.
import type { Block } from "../api/types";

export interface Span {
  id: string;
  from: number;
  to: number;
  /** Compaction level; 0 is the head. */
  level: number;
  samples: number | undefined;
  series: number | undefined;
  chunks: number | undefined;
}

export interface Axis {
  from: number;
  to: number;
  now: number;
  spans: Span[];
  /** Seconds by which the newest data is ahead of now; 0 when it is not. */
  ahead: number;
}

/** What a clock may be off, and a block's end rounded up, before it is called future. Blocks end at multiples of two hours, but their data ends before. */
export const tolerance = 60;

export function spanOf(block: Block): Span {
  const { numSamples, numSeries, numChunks } = block.stats ?? {};
  return { id: block.ulid, from: block.minTime / 1000, to: block.maxTime / 1000, level: block.compaction?.level ?? 1, samples: numSamples, series: numSeries, chunks: numChunks };
}

/** minTime and maxTime of an empty head are the largest and smallest int64. */
export function headSpan(head: { minTime: number; maxTime: number; numSeries: number; chunkCount: number }): Span | undefined {
  if (head.maxTime < head.minTime || head.maxTime <= 0) return undefined;
  return { id: "head", from: head.minTime / 1000, to: head.maxTime / 1000, level: 0, samples: undefined, series: head.numSeries, chunks: head.chunkCount };
}

export function isFuture(span: Span, now: number): boolean {
  return span.to > now + tolerance;
}

export function axisOf(spans: Span[], now: number): Axis {
  const from = Math.min(now - 3600, ...spans.map((s) => s.from));
  const newest = Math.max(now, ...spans.map((s) => s.to));
  const room = (newest - from) * 0.04;
  return { from: from - room, to: newest + room, now, spans, ahead: newest > now + tolerance ? newest - now : 0 };
}

export function place(axis: Axis, time: number): number {
  return Math.min(Math.max((time - axis.from) / (axis.to - axis.from), 0), 1);
}

const tickSteps = [300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 14 * 86400, 30 * 86400, 90 * 86400, 365 * 86400];

/** At most `most` round times on the axis, in the time zone that is offset seconds ahead of UTC. */
export function ticks(axis: Axis, most: number, offset: number): number[] {
  const step = tickSteps.find((s) => (axis.to - axis.from) / s <= most) ?? (axis.to - axis.from) / most;
  const times: number[] = [];
  for (let t = Math.ceil((axis.from + offset) / step) * step - offset; t < axis.to; t += step) times.push(t);
  return times;
}
