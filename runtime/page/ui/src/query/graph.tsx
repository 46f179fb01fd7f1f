// A graph with its legend; all it can do with the mouse can be done with the keyboard.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MatrixSeries, QueryData } from "../api/types";
import { serverNow } from "../clock/clock";
import { type Unit, withUnit } from "../format/numbers";
import { stamp } from "../format/time";
import { useText } from "../i18n";
import { Empty, Notice } from "../parts/notice";
import type { Result } from "./panel";
import { colours, createGraph, dashOf, type Graph } from "./plot";
import { between, dayBefore, defaultRange, move, type Search, zoom } from "./range";
import { type Line, type Plot, plotOf } from "./series";

const first = 60; // lines drawn unless asked for more
const most = 1000;

const matrix = (data: QueryData | undefined): MatrixSeries[] => (data?.resultType === "matrix" ? data.result : []);

interface GraphViewProps {
  result: Result;
  unit: Unit;
  search: Search;
  setSearch: (search: Search) => void;
}

export function GraphView({ result, unit, search, setSearch }: GraphViewProps) {
  const text = useText();
  const [limit, setLimit] = useState(first);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const plot = useMemo(() => plotOf(matrix(result.data), matrix(result.before), result.window, limit, dayBefore), [result, limit]);
  const cursor = useRef<(index: number | null) => void>(() => undefined);
  const keys = (e: KeyboardEvent) => {
    const next = keyed(e.key, search, serverNow());
    if (!next || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    setSearch(next);
  };
  return (
    <>
      <div class="graph" tabIndex={0} role="group" aria-label={text.query.plotHint} onKeyDown={keys}>
        {plot.lines.length === 0 && !plot.histograms ? <NoData /> : (
          <Canvas plot={plot} unit={unit} hidden={hidden} cursor={(i) => cursor.current(i)} selected={(a, b) => setSearch(between(search, a, b, serverNow()))} />
        )}
      </div>
      {plot.histograms && <Notice level="info" title={text.query.histograms} />}
      {plot.all > limit && (
        <p class="facts">
          {text.query.onlyFirst(limit, plot.all)} {limit < most && <button type="button" class="quiet" onClick={() => setLimit(most)}>{text.query.drawAll}</button>}
        </p>
      )}
      {plot.lines.length > 0 && <Legend plot={plot} unit={unit} hidden={hidden} setHidden={setHidden} listen={(f) => (cursor.current = f)} />}
    </>
  );
}

export function NoData() {
  const text = useText();
  return <Empty title={text.query.empty}><p>{text.query.emptyDetail}</p></Empty>;
}

function keyed(key: string, search: Search, now: number): Search | undefined {
  switch (key) {
    case "ArrowLeft": return move(search, -0.25, now);
    case "ArrowRight": return move(search, 0.25, now);
    case "+": case "=": return zoom(search, 0.5, now);
    case "-": return zoom(search, 2, now);
    case "0": return { ...search, range: defaultRange, end: undefined };
    default: return undefined;
  }
}

interface CanvasProps {
  plot: Plot;
  unit: Unit;
  hidden: ReadonlySet<string>;
  cursor: (index: number | null) => void;
  selected: (start: number, end: number) => void;
}

function Canvas(props: CanvasProps) {
  const host = useRef<HTMLDivElement>(null);
  const graph = useRef<Graph>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    if (!host.current) return;
    const made = createGraph(host.current, {
      unit: props.unit,
      height: host.current.clientHeight,
      shown: (i) => !latest.current.hidden.has(latest.current.plot.lines[i]?.name ?? ""),
      cursor: (i) => latest.current.cursor(i),
      selected: (a, b) => latest.current.selected(a, b),
    });
    graph.current = made;
    // The theme is an attribute of the root element; its colours are read when the graph is made.
    const themed = new MutationObserver(() => made.redraw());
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => (themed.disconnect(), made.destroy());
  }, [props.unit]);
  useEffect(() => graph.current?.show(props.plot), [props.plot, props.unit]);
  useEffect(() => graph.current?.redraw(), [props.hidden]);
  return <div class="canvas" ref={host} />;
}

interface LegendProps {
  plot: Plot;
  unit: Unit;
  hidden: ReadonlySet<string>;
  setHidden: (names: ReadonlySet<string>) => void;
  listen: (cursor: (index: number | null) => void) => void;
}

/** Values follow the cursor by writing text, not by drawing the legend again: a thousand lines stay smooth. */
function Legend({ plot, unit, hidden, setHidden, listen }: LegendProps) {
  const text = useText();
  const cells = useRef<(HTMLElement | null)[]>([]);
  const time = useRef<HTMLParagraphElement>(null);
  const show = (index: number | null) => {
    plot.lines.forEach((line, i) => {
      const value = index === null ? lastOf(line) : line.values[index];
      const cell = cells.current[i];
      if (cell) cell.textContent = value === null || value === undefined ? "–" : withUnit(value, unit);
    });
    if (time.current) time.current.textContent = stamp((index === null ? plot.times.at(-1) : plot.times[index]) ?? 0);
  };
  listen(show);
  useEffect(() => show(null), [plot, unit]);
  const pick = (name: string, toggle: boolean) => {
    const names = new Set(plot.lines.map((line) => line.name));
    const next = new Set(hidden);
    if (toggle) next.has(name) ? next.delete(name) : next.add(name);
    else if (names.size - hidden.size === 1 && !hidden.has(name)) next.clear();
    else names.forEach((other) => (other === name ? next.delete(other) : next.add(other)));
    setHidden(next);
  };
  return (
    <div class="legend">
      <p class="facts num" ref={time} />
      <ul>
        {plot.lines.map((line, i) => (
          <li key={`${line.name}${line.before}`}>
            <button type="button" aria-pressed={!hidden.has(line.name)} title={text.query.seriesHint} onClick={(e) => pick(line.name, e.ctrlKey || e.metaKey)}>
              <svg width="22" height="10" aria-hidden="true" class={`series-${(line.colour % colours) + 1}`}>
                <line x1="1" y1="5" x2="21" y2="5" stroke-width="3" stroke-dasharray={line.before ? "3 3" : dashOf(line.colour).join(" ")} />
              </svg>
              <span class="name">{line.name}{line.before && <i> · {text.query.dayBefore}</i>}</span>
              <span class="num" ref={(el) => { cells.current[i] = el; }} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function lastOf(line: Line): number | null {
  return line.values.findLast((v) => v !== null) ?? null;
}
