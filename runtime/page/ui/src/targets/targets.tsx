// Targets, and what is wrong with them in words.
import { useState } from "preact/hooks";
import { call, instant } from "../api/client";
import { useLive } from "../api/live";
import type { Target, Targets, VectorSample } from "../api/types";
import { serverNow } from "../clock/clock";
import { duration } from "../format/numbers";
import { parseTime } from "../format/time";
import { useText } from "../i18n";
import { Async } from "../parts/async";
import { LabelList } from "../parts/labels";
import { Empty } from "../parts/notice";
import { Prose } from "../parts/prose";
import { State, type Tone } from "../parts/state";
import { checks, explain } from "./explain";
import { judgeTarget, labelKey, type TargetState, worstFirst } from "./judge";
import { DoctorProvider, DoctorWord, learnOfDoctor, useDoctor } from "./verdict";

const every = 5_000;
const tones: Record<TargetState, Tone> = { up: "ok", stale: "warn", down: "bad", waiting: "off" };

interface Judged {
  target: Target;
  state: TargetState;
  age: number | undefined;
}

interface Loaded {
  pools: [string, Judged[]][];
  dropped: number;
}

async function load(signal: AbortSignal): Promise<Loaded> {
  const now = serverNow();
  const [targets, fresh] = await Promise.all([call<Targets>("targets", signal), instant("time() - timestamp(up)", now, signal)]);
  const ages = new Map((fresh.data.result as VectorSample[]).map((s) => [labelKey(s.metric), Number(s.value?.[1])]));
  const pools = new Map<string, Judged[]>();
  for (const target of targets.data.activeTargets) {
    const age = ages.get(labelKey(target.labels));
    const pool = pools.get(target.scrapePool) ?? [];
    pools.set(target.scrapePool, [...pool, { target, age, state: judgeTarget(target, age) }]);
  }
  for (const pool of pools.values()) pool.sort(byUrgency);
  if ([...pools.values()].some((pool) => pool.some(isBad))) await learnOfDoctor(signal);
  const counts = targets.data.droppedTargetCounts;
  const dropped = counts ? Object.values(counts).reduce((a, b) => a + b, 0) : (targets.data.droppedTargets ?? []).length;
  return { pools: [...pools].sort(([a], [b]) => a.localeCompare(b)), dropped };
}

/** The worst first, then by address: the API gives targets in an order that changes. */
function byUrgency(a: Judged, b: Judged): number {
  return worstFirst.indexOf(a.state) - worstFirst.indexOf(b.state) || a.target.scrapeUrl.localeCompare(b.target.scrapeUrl, undefined, { numeric: true });
}

const isBad = (j: Judged) => j.state === "down" || j.state === "stale";

export function TargetsView() {
  const text = useText();
  const live = useLive("targets", every, load);
  return (
    <>
      <h1>{text.targets.title}</h1>
      <Async live={live}>{(data) => (data.pools.length > 0 ? <Pools {...data} /> : <Empty title={text.targets.none}><p>{text.targets.noneDetail}</p></Empty>)}</Async>
    </>
  );
}

function Pools({ pools, dropped }: Loaded) {
  const text = useText();
  const [filter, setFilter] = useState("");
  const [onlyBad, setOnlyBad] = useState(false);
  const all = pools.flatMap(([, targets]) => targets);
  const doctor = useDoctor(all.filter(isBad).map((j) => j.target));
  const wanted = filter.toLowerCase();
  const fits = (j: Judged) => (!onlyBad || isBad(j)) && `${j.target.scrapeUrl} ${labelKey(j.target.labels)}`.toLowerCase().includes(wanted);
  const shown = pools.map(([name, targets]) => [name, targets, targets.filter(fits)] as const).filter(([, , some]) => some.length > 0);
  return (
    <DoctorProvider value={doctor}>
      <div class="bar">
        <span class="facts grow" role="status">{text.targets.summary(all.length, all.filter(isBad).length)}</span>
        <label class="check"><input type="checkbox" checked={onlyBad} onChange={(e) => setOnlyBad(e.currentTarget.checked)} /> {text.targets.problems}</label>
        <input type="search" aria-label={text.common.filter} placeholder={`${text.common.filter}: ${text.targets.filterHint}`} value={filter} onInput={(e) => setFilter(e.currentTarget.value)} />
      </div>
      {shown.length === 0 && <Empty title={text.common.nothingFits} />}
      <div class="pools">{shown.map(([name, targets, some]) => (
        <section key={name} class={`pool ${some.length === 1 ? "single" : ""}`}>
          <h2>{name} <span class="facts num">{targets.filter((j) => j.state === "up").length}/{targets.length}</span></h2>
          <ul class="cards">{some.map((j) => <TargetCard key={`${j.target.scrapeUrl}${labelKey(j.target.labels)}`} judged={j} />)}</ul>
        </section>
      ))}</div>
      {dropped > 0 && <p class="facts">{text.targets.dropped(dropped)}</p>}
    </DoctorProvider>
  );
}

function TargetCard({ judged: { target, state, age } }: { judged: Judged }) {
  const text = useText();
  return (
    <li class={`card edge ${tones[state]}`}>
      <div class="row">
        <State tone={tones[state]}>{text.targets.states[state]}</State>
        <a class="code" href={target.globalUrl || target.scrapeUrl} rel="noreferrer">{target.scrapeUrl}</a>
      </div>
      <LabelList labels={target.labels} without={["job"]} />
      <Facts target={target} age={age} />
      {state === "stale" && <Stale target={target} />}
      {target.lastError && <Explained target={target} />}
    </li>
  );
}

function Facts({ target, age }: { target: Target; age: number | undefined }) {
  const text = useText();
  const last = parseTime(target.lastScrape);
  // Whole seconds: digits that change without saying anything are not calm.
  const newest = age === undefined ? text.targets.noSample : age < -1 ? text.targets.future(duration(-Math.round(age))) : text.common.ago(Math.round(Math.max(0, age)));
  return (
    <dl class="facts num">
      <div><dt>{text.targets.lastScrape}</dt><dd>{last === undefined ? text.common.never : text.common.ago(Math.round(serverNow() - last))}</dd></div>
      <div><dt>{text.targets.took}</dt><dd>{duration(target.lastScrapeDuration)}</dd></div>
      {target.scrapeInterval && <div><dt>{text.targets.interval}</dt><dd>{target.scrapeInterval}</dd></div>}
      {target.health === "up" && <div><dt>{text.targets.fresh}</dt><dd>{newest}</dd></div>}
    </dl>
  );
}

function Stale({ target }: { target: Target }) {
  const text = useText();
  return (
    <div class="explained">
      <p><Prose text={text.targets.staleDetail} /></p>
      <DoctorWord target={target} />
    </div>
  );
}

function Explained({ target }: { target: Target }) {
  const text = useText();
  const cause = explain(target.lastError);
  const words = text.explanations[cause];
  return (
    <div class="explained">
      <p><strong>{words.what}.</strong> <Prose text={words.todo} /></p>
      <details open={cause === "unknown"}>
        <summary>{text.targets.rawError}</summary>
        <p class="raw">{target.lastError}</p>
      </details>
      <DoctorWord target={target} check={checks[cause]} />
    </div>
  );
}
