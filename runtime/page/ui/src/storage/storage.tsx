// The data directory: which time it holds, and what takes its space.
import { call, Failure } from "../api/client";
import { useLive } from "../api/live";
import type { Block, NameCount, RuntimeInfo, TSDBStatus } from "../api/types";
import { serverNow, useClock } from "../clock/clock";
import { bytes, count, duration } from "../format/numbers";
import { parseTime, stamp } from "../format/time";
import { useText } from "../i18n";
import { Async } from "../parts/async";
import { Notice } from "../parts/notice";
import { Prose } from "../parts/prose";
import { State } from "../parts/state";
import { link } from "../route";
import { type Axis, axisOf, headSpan, isFuture, spanOf } from "./axis";
import { Timeline } from "./timeline";

const every = 15_000;

interface Loaded {
  status: TSDBStatus;
  runtime: RuntimeInfo;
  /** undefined: this server does not tell. */
  blocks: Block[] | undefined;
  /** As it was given on the command line. */
  directory: string | undefined;
  now: number;
}

async function blocks(signal: AbortSignal): Promise<Block[] | undefined> {
  try {
    return (await call<{ blocks: Block[] | null }>("status/tsdb/blocks", signal)).data.blocks ?? [];
  } catch (error) {
    if (error instanceof Failure && error.kind === "absent") return undefined;
    throw error;
  }
}

async function load(signal: AbortSignal): Promise<Loaded> {
  const [status, runtime, flags, list] = await Promise.all([
    call<TSDBStatus>("status/tsdb?limit=15", signal), call<RuntimeInfo>("status/runtimeinfo", signal),
    call<Record<string, string>>("status/flags", signal), blocks(signal),
  ]);
  const directory = flags.data["storage.tsdb.path"] ?? flags.data.data;
  return { status: status.data, runtime: runtime.data, blocks: list, directory, now: serverNow() };
}

export function StorageView() {
  const text = useText();
  const live = useLive("storage", every, load);
  return (
    <>
      <h1>{text.storage.title}</h1>
      <Async live={live}>{(data) => <Store {...data} />}</Async>
    </>
  );
}

function Store({ status, runtime, blocks, directory, now }: Loaded) {
  const text = useText();
  const clock = useClock();
  const head = headSpan({ ...status.headStats });
  const axis = axisOf([...(blocks ?? []).map(spanOf), ...(head ? [head] : [])], now);
  const started = parseTime(runtime.startTime);
  return (
    <>
      <div class="bar"><span class="facts grow" role="status">{text.storage.summary(count(status.headStats.numSeries), blocks?.length)}</span></div>
      {axis.ahead > 0 && (
        <Notice level="bad" title={text.storage.futureTitle(duration(Math.round(axis.ahead)))} id="future">
          <p>{text.storage.futureDetail}</p>
          <p><Prose text={clock.data?.repair ? text.storage.repair(clock.data.repair) : text.storage.futureTodo} /></p>
        </Notice>
      )}
      <h2>{text.storage.axis}</h2>
      <Timeline axis={axis} />
      {!blocks && <Notice level="info" title={text.storage.noBlocks}><p>{text.storage.noBlocksDetail}</p></Notice>}
      {blocks?.length === 0 && <p class="facts">{text.storage.noBlocksYet}</p>}
      <dl class="facts num">
        <div><dt>{text.storage.retention}</dt><dd>{runtime.storageRetention}</dd></div>
        {started !== undefined && <div><dt>{text.storage.started}</dt><dd>{stamp(started)}</dd></div>}
        {directory && <div><dt>{text.storage.directory}</dt><dd>{directory}</dd></div>}
      </dl>
      {axis.spans.length > 0 && <BlockTable axis={axis} />}
      <h2>{text.storage.cardinality}</h2>
      <p class="facts">{text.storage.cardinalityHint}</p>
      <div class="ranks">
        <Rank title={text.storage.byMetric} list={status.seriesCountByMetricName} write={count} expr={(name) => `count(${JSON.stringify(name).replace(/^/, "{__name__=")}})`} />
        <Rank title={text.storage.byPair} list={status.seriesCountByLabelValuePair} write={count} expr={pairQuery} />
        <Rank title={text.storage.byLabel} list={status.labelValueCountByLabelName} write={count} />
        <Rank title={text.storage.byMemory} list={status.memoryInBytesByLabelName} write={bytes} />
      </div>
    </>
  );
}

/** "job=node" as a count of what has it. */
function pairQuery(pair: string): string {
  const at = pair.indexOf("=");
  return `count by (__name__) ({${pair.slice(0, at)}=${JSON.stringify(pair.slice(at + 1))}})`;
}

function BlockTable({ axis }: { axis: Axis }) {
  const text = useText();
  const number = (n: number | undefined) => (n === undefined ? "–" : count(n));
  return (
    <details class="blocks">
      <summary>{text.storage.list}</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={text.storage.list}>
        <table>
          <thead>
            <tr>
              {[text.common.name, text.common.state, text.storage.from, text.storage.to, text.storage.length].map((h) => <th key={h} scope="col">{h}</th>)}
              {[text.storage.samples, text.storage.series, text.storage.chunks].map((h) => <th key={h} scope="col" class="right">{h}</th>)}
            </tr>
          </thead>
          <tbody>
            {axis.spans.toSorted((a, b) => b.to - a.to).map((s) => (
              <tr key={s.id}>
                <th scope="row" class="code">{s.level === 0 ? text.storage.head : s.id}</th>
                <td>{isFuture(s, axis.now) ? <State tone="bad">{text.storage.inFuture}</State> : s.level > 0 ? text.storage.level(s.level) : ""}</td>
                <td class="num">{stamp(s.from)}</td>
                <td class="num">{stamp(s.to)}</td>
                <td class="num">{duration(Math.round(s.to - s.from))}</td>
                <td class="num right">{number(s.samples)}</td>
                <td class="num right">{number(s.series)}</td>
                <td class="num right">{number(s.chunks)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

interface RankProps {
  title: string;
  list: NameCount[] | null;
  write: (value: number) => string;
  expr?: (name: string) => string;
}

function Rank({ title, list, write, expr }: RankProps) {
  const text = useText();
  const top = Math.max(1, ...(list ?? []).map((item) => item.value));
  return (
    <section class="card">
      <h3>{title}</h3>
      {(list ?? []).length === 0 && <p class="facts">{text.storage.empty}</p>}
      <ol class="rank">
        {(list ?? []).map(({ name, value }) => (
          <li key={name}>
            {expr ? <a class="code" href={link("query", { "g0.expr": expr(name) })}>{name}</a> : <span class="code">{name}</span>}
            <span class="num">{write(value)}</span>
            <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width={Math.max((100 * value) / top, 0.5)} height="4" /></svg>
          </li>
        ))}
      </ol>
    </section>
  );
}
