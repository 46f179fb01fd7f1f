// One uPlot graph. Colours come from the style sheet, so that a change of theme is a redraw.
import uPlot from "uplot";
import { type Unit, withUnit } from "../format/numbers";
import type { Plot } from "./series";

export const colours = 8;
// Colour alone tells eight lines apart; beyond that the dashes do.
const dashes: number[][] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

export interface GraphOptions {
  unit: Unit;
  height: number;
  shown: (line: number) => boolean;
  /** Index of the point under the cursor, or null. */
  cursor: (index: number | null) => void;
  selected: (start: number, end: number) => void;
}

export interface Graph {
  show: (plot: Plot) => void;
  redraw: () => void;
  destroy: () => void;
}

export function dashOf(colour: number): number[] {
  return dashes[Math.floor(colour / colours) % dashes.length] ?? [];
}

export function createGraph(host: HTMLElement, o: GraphOptions): Graph {
  let chart: uPlot | undefined;
  let plot: Plot | undefined;
  const build = () => {
    chart?.destroy();
    chart = plot && new uPlot(options(host, plot, o), data(plot), host);
  };
  const resize = new ResizeObserver(() => chart && host.clientWidth !== chart.width && chart.setSize({ width: host.clientWidth, height: o.height }));
  resize.observe(host);
  return {
    show: (next) => {
      const same = chart && plot && sameLines(plot, next);
      plot = next;
      if (same) chart?.setData(data(next));
      else build();
    },
    redraw: build,
    destroy: () => (resize.disconnect(), chart?.destroy()),
  };
}

const data = (plot: Plot): uPlot.AlignedData => [plot.times, ...plot.lines.map((line) => line.values)];

function sameLines(a: Plot, b: Plot): boolean {
  return a.lines.length === b.lines.length && a.lines.every((line, i) => line.name === b.lines[i]?.name && line.before === b.lines[i]?.before);
}

function options(host: HTMLElement, plot: Plot, o: GraphOptions): uPlot.Options {
  const style = getComputedStyle(host);
  const ink = (name: string) => style.getPropertyValue(name).trim();
  const font = `${Math.round(parseFloat(style.fontSize) * 0.8)}px ${style.fontFamily}`;
  const axis = { stroke: ink("--muted"), font, grid: { stroke: ink("--grid"), width: 1 }, ticks: { stroke: ink("--grid"), width: 1, size: 4 } };
  return {
    width: host.clientWidth,
    height: o.height,
    legend: { show: false },
    cursor: { sync: { key: "query", setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { time: true, range: () => [plot.times[0] ?? 0, plot.times.at(-1) ?? 1] }, y: { range: (_, min, max) => yRange(min, max) } },
    axes: [
      { ...axis, values: (_, splits, __, ___, step) => timeLabels(splits, step), space: 90, size: 38 },
      { ...axis, size: 76, values: (_, splits) => splits.map((v) => withUnit(v, o.unit)), incrs: increments(o.unit) },
    ],
    series: [
      {},
      ...plot.lines.map((line, i) => ({
        label: line.name,
        show: o.shown(i),
        stroke: ink(`--series-${(line.colour % colours) + 1}`),
        width: line.before ? 1.25 : 1.75,
        dash: line.before ? [3, 4] : dashOf(line.colour),
        ...(line.before && { alpha: 0.7 }),
        points: { show: plot.times.length < 3 || isolated(line.values), size: 4 },
      })),
    ],
    hooks: {
      setCursor: [(u: uPlot) => o.cursor(u.cursor.idx ?? null)],
      setSelect: [
        (u: uPlot) => {
          const { left, width } = u.select;
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (width > 4) o.selected(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
        },
      ],
    },
  };
}

/** A line of single points between gaps would not be seen without dots. */
function isolated(values: (number | null)[]): boolean {
  return !values.some((v, i) => v !== null && values[i + 1] !== null && values[i + 1] !== undefined);
}

function yRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  if (min === max) return min === 0 ? [0, 1] : [Math.min(0, min * 1.2), Math.max(0, max * 1.2)];
  const room = (max - min) * 0.06;
  // From zero when zero is near: a graph that starts just below its data looks more dramatic than it is.
  const low = min >= 0 && min < max * 0.4 ? 0 : min - room;
  return [low, max + room];
}

/** Bytes have round numbers of their own. */
function increments(unit: Unit): number[] {
  const base = unit === "bytes" || unit === "bytes/s" ? 2 : 0;
  if (base === 2) return Array.from({ length: 60 }, (_, i) => 2 ** i);
  return Array.from({ length: 40 }, (_, i) => 10 ** (i - 16)).flatMap((n) => [n, 2 * n, 2.5 * n, 5 * n]);
}

const pad = (n: number) => String(n).padStart(2, "0");

/** 16:45, with seconds when the ticks need them, and with the day where it changes. */
export function timeLabels(ticks: number[], step: number): string[] {
  let last = "";
  return ticks.map((tick) => {
    const d = new Date(tick * 1000);
    const day = `${d.getMonth() + 1}/${d.getDate()}`;
    const time = `${pad(d.getHours())}:${pad(d.getMinutes())}${step < 60 ? `:${pad(d.getSeconds())}` : ""}`;
    const label = step >= 86_400 ? day : day !== last && (last !== "" || step >= 3600) ? `${time}\n${day}` : time;
    last = day;
    return label;
  });
}
