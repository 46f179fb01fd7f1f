// One query: its editor, what became of it, and its graph or table.
import { useEffect, useRef, useState } from "preact/hooks";
import { instant, range } from "../api/client";
import { useLive } from "../api/live";
import type { QueryData } from "../api/types";
import { serverNow } from "../clock/clock";
import { duration, unitOf } from "../format/numbers";
import { formatDuration } from "../format/time";
import { useText } from "../i18n";
import { Empty, FailureNotice, Notice, Skeleton } from "../parts/notice";
import { createEditor, type Editor } from "./editor";
import { GraphView, NoData } from "./graph";
import { dayBefore, type Search, window } from "./range";
import { ResultTable } from "./table";

type Query = Search["queries"][number];

/** What came back, with the question it answers. */
export interface Result {
  expr: string;
  view: Query["view"];
  window: { start: number; end: number; step: number };
  data: QueryData;
  before: QueryData | undefined;
  warnings: string[];
  infos: string[];
  /** Seconds, as seen here. */
  took: number;
}

interface PanelProps {
  n: number;
  query: Query;
  search: Search;
  set: (query: Query) => void;
  setSearch: (search: Search) => void;
  remove?: () => void;
}

const examples = ["up", "1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m]))", "node_memory_MemAvailable_bytes", "rate(prometheus_tsdb_head_samples_appended_total[5m])"];

async function ask(query: Query, search: Search, signal: AbortSignal): Promise<Result> {
  const w = window(search, serverNow());
  const started = performance.now();
  const graph = query.view === "graph";
  const [now, before] = await Promise.all([
    graph ? range(query.expr, w.start, w.end, w.step, signal) : instant(query.expr, search.end ?? serverNow(), signal),
    graph && search.compare ? range(query.expr, w.start - dayBefore, w.end - dayBefore, w.step, signal) : undefined,
  ]);
  return {
    expr: query.expr, view: query.view, window: w, data: now.data, before: before?.data,
    warnings: now.warnings, infos: now.infos, took: (performance.now() - started) / 1000,
  };
}

export function Panel({ n, query, search, set, setSearch, remove }: PanelProps) {
  const text = useText();
  const { range: length, end, step, compare } = search;
  const key = query.expr && JSON.stringify([query, length, end, step, compare]);
  const follow = end === undefined && query.expr ? Math.max(window(search, 0).step, 10) * 1000 : 0;
  const live = useLive(key, follow, async (signal) => (query.expr ? ask(query, search, signal) : undefined), true);
  // What is typed is the editor's: it becomes the page's only when it is run.
  const typed = useRef(query.expr);
  const run = () => {
    const expr = typed.current.trim();
    if (expr === query.expr) live.refresh();
    else set({ ...query, expr });
  };
  return (
    <section class="panel" aria-label={text.query.expression(n)} aria-busy={live.pending}>
      <div class="ask">
        <PromQL value={query.expr} label={text.query.expression(n)} changed={(value) => (typed.current = value)} run={run} />
        <button type="button" class="main" title={text.query.runHint} onClick={run}>{text.query.run}</button>
        {remove && <button type="button" class="quiet" aria-label={`${text.query.remove}: ${text.query.expression(n)}`} title={text.query.remove} onClick={remove}>✕</button>}
      </div>
      <div class="bar">
        <span class="joined" role="group" aria-label={text.query.view}>
          {(["graph", "table"] as const).map((view) => (
            <button key={view} type="button" aria-pressed={query.view === view} onClick={() => set({ ...query, view })}>{text.query[view]}</button>
          ))}
        </span>
        <Progress pending={Boolean(live.pending && query.expr)} result={live.data} />
      </div>
      {live.failure && <FailureNotice failure={live.failure} stale={live.failure.kind !== "query" && live.data !== undefined} />}
      {query.expr === "" ? <Examples choose={(expr) => set({ ...query, expr })} /> : !live.data ? !live.failure && <Skeleton rows={6} /> : live.failure?.kind !== "query" && <Shown result={live.data} search={search} setSearch={setSearch} />}
    </section>
  );
}

function Shown({ result, search, setSearch }: { result: Result; search: Search; setSearch: (s: Search) => void }) {
  const text = useText();
  const none = Array.isArray(result.data.result) && result.data.result.length === 0;
  return (
    <>
      {result.warnings.map((w) => <Notice key={w} level="warn" title={text.query.warning}><p>{w}</p></Notice>)}
      {result.infos.map((i) => <Notice key={i} level="info" title={text.query.info}><p>{i}</p></Notice>)}
      {result.view === "graph" ? <GraphView result={result} unit={unitOf(result.expr)} search={search} setSearch={setSearch} />
        : none ? <NoData /> : <ResultTable data={result.data} unit={unitOf(result.expr)} />}
    </>
  );
}

function Progress({ pending, result }: { pending: boolean; result: Result | undefined }) {
  const text = useText();
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(0);
    if (!pending) return;
    const timer = setInterval(() => setSeconds((s) => s + 1), 1000);
    return () => clearInterval(timer);
  }, [pending]);
  if (pending && seconds > 0) return <span class="facts" role="status">{text.query.running(seconds)}</span>;
  if (!result) return null;
  const series = Array.isArray(result.data.result) && result.data.resultType !== "scalar" && result.data.resultType !== "string" ? result.data.result.length : 1;
  return (
    <span class="facts num">
      {text.query.series(series)} · {text.query.took(duration(result.took))}
      {result.view === "graph" && <> · {text.query.stepInUse(formatDuration(result.window.step))}</>}
    </span>
  );
}

function Examples({ choose }: { choose: (expr: string) => void }) {
  const text = useText();
  return (
    <Empty title={text.query.emptyNew}>
      <p>{text.query.emptyNewDetail}</p>
      <ul class="examples">
        {examples.map((expr) => <li key={expr}><button type="button" class="code" onClick={() => choose(expr)}>{expr}</button></li>)}
      </ul>
    </Empty>
  );
}

/** The editor; value is put into it whenever the address says another query. */
function PromQL({ value, label, changed, run }: { value: string; label: string; changed: (v: string) => void; run: () => void }) {
  const text = useText();
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor>(undefined);
  const handlers = useRef({ changed, run });
  handlers.current = { changed, run };
  useEffect(() => {
    if (!host.current) return;
    const made = createEditor(host.current, {
      value, label, hint: text.query.placeholder,
      changed: (v) => handlers.current.changed(v),
      run: () => handlers.current.run(),
    });
    editor.current = made;
    return () => made.destroy();
  }, [label, text]);
  useEffect(() => editor.current?.set(value), [value, label, text]);
  return <div class="editor" ref={host} />;
}
