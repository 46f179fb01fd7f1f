// Hosts at a glance.
import { useState } from "preact/hooks";
import { call, instant, range } from "../api/client";
import { useLive } from "../api/live";
import type { MatrixSeries, Targets, VectorSample } from "../api/types";
import { serverNow } from "../clock/clock";
import { bytes, duration, percent } from "../format/numbers";
import { useText } from "../i18n";
import { Async } from "../parts/async";
import { Empty } from "../parts/notice";
import { State } from "../parts/state";
import { link } from "../route";
import { type Answers, type Host, hostsOf, lengthFor, type Order, orders, sorted } from "./model";
import { drawn, full, rateWindow, shown } from "./questions";
import { Sparkline } from "./sparkline";

const every = 10_000;
const lengths = [300, 900, 3600]; // seconds that the curves show
const points = 61;

interface Loaded {
  hosts: Host[];
  window: string;
}

async function load(signal: AbortSignal): Promise<Loaded> {
  const targets = await call<Targets>("targets?state=active", signal);
  const window = rateWindow(targets.data.activeTargets);
  const now = serverNow();
  const length = lengthFor(await oldest(now, signal), now, lengths);
  const step = length / (points - 1);
  const end = Math.floor(now / step) * step;
  const vector = async (expr: string) => (await instant(expr, now, signal)).data.result as VectorSample[];
  const matrix = async (expr: string) => (await range(expr, end - length, end, step, signal)).data.result as MatrixSeries[];
  const [values, curves] = await Promise.all([each(shown, vector), each(drawn(window), matrix)]);
  const answers: Answers = { shown: values, drawn: curves, start: end - length, step, points };
  return { hosts: hostsOf(answers), window };
}

/** When the first sample of the last hour is from; a monitor that has just started is to show curves, not dots. */
async function oldest(now: number, signal: AbortSignal): Promise<number> {
  const { result } = (await range("count(up)", now - 3600, now, 60, signal)).data;
  return (result as MatrixSeries[])[0]?.values?.[0]?.[0] ?? now;
}

async function each<K extends string, T>(questions: Record<K, string>, ask: (expr: string) => Promise<T>): Promise<Record<K, T>> {
  const entries = Object.entries<string>(questions).map(async ([key, expr]) => [key, await ask(expr)] as const);
  return Object.fromEntries(await Promise.all(entries)) as Record<K, T>;
}

export function HostsView() {
  const text = useText();
  const live = useLive("hosts", every, load);
  return (
    <>
      <h1>{text.hosts.title}</h1>
      <Async live={live} rows={5}>{(data) => (data.hosts.length > 0 ? <HostList {...data} /> : <NoHosts />)}</Async>
    </>
  );
}

function NoHosts() {
  const text = useText();
  return (
    <Empty title={text.hosts.none}>
      <p>{text.hosts.noneDetail}</p>
      <p><a href={link("targets")}>{text.hosts.noneLink}</a></p>
    </Empty>
  );
}

function HostList({ hosts, window }: Loaded) {
  const text = useText();
  const [order, setOrder] = useState<Order>("name");
  const [filter, setFilter] = useState("");
  const wanted = filter.toLowerCase();
  const rows = sorted(hosts, order).filter((h) => `${h.name} ${h.instance} ${h.system}`.toLowerCase().includes(wanted));
  const silent = hosts.filter((h) => !h.answering).length;
  return (
    <>
      <div class="bar">
        <span class="facts grow" role="status">{text.hosts.summary(hosts.length, silent)}</span>
        <label class="field">
          <span>{text.hosts.sortBy}</span>
          <select value={order} onChange={(e) => setOrder(e.currentTarget.value as Order)}>
            {orders.map((o) => <option key={o} value={o}>{o === "name" ? text.common.name : text.hosts[o]}</option>)}
          </select>
        </label>
        <input type="search" aria-label={text.common.filter} placeholder={`${text.common.filter}: ${text.hosts.filterHint}`} value={filter} onInput={(e) => setFilter(e.currentTarget.value)} />
      </div>
      {rows.length === 0 && <Empty title={text.common.nothingFits} />}
      {rows.length > 0 && (
        <table class="hosts" role="table">
          <thead role="rowgroup">
            <tr role="row">
              {(["host", "cpu", "memory", "disk", "network", "clock"] as const).map((c) => <th key={c} role="columnheader" scope="col">{text.hosts[c]}</th>)}
            </tr>
          </thead>
          <tbody role="rowgroup">{rows.map((h) => <HostRow key={h.instance} host={h} window={window} />)}</tbody>
        </table>
      )}
    </>
  );
}

function HostRow({ host: h, window }: { host: Host; window: string }) {
  const text = useText();
  const ask = drawn(window);
  return (
    <tr role="row" class={h.answering ? "" : "silent"}>
      <th role="rowheader" scope="row">
        <span class="name">{h.name}</span>
        {h.name !== h.instance && <span class="sub num">{h.instance}</span>}
        <span class="sub">{h.system}</span>
        {h.answering ? h.uptime !== undefined && <span class="sub num">{text.hosts.upFor(duration(Math.floor(h.uptime / 60) * 60))}</span> : <State tone="bad">{text.hosts.silent}</State>}
      </th>
      <Cell host={h} title={text.hosts.cpu} exprs={[ask.cpu]} value={ratio(h.now.cpu)} detail={h.cores === undefined ? "" : text.hosts.cores(h.cores)} level={h.now.cpu}>
        <Sparkline curves={[h.curves.cpu ?? []]} top={1} />
      </Cell>
      <Cell host={h} title={text.hosts.memory} exprs={[ask.memory]} value={ratio(h.now.memory)} detail={h.memoryTotal === undefined ? "" : text.hosts.of(bytes(h.memoryTotal))} level={h.now.memory}>
        <Sparkline curves={[h.curves.memory ?? []]} top={1} />
      </Cell>
      <Cell host={h} title={text.hosts.disk} exprs={[full]} value={ratio(h.now.disk)} detail={h.diskFree === undefined ? "" : text.hosts.free(bytes(h.diskFree), h.mount ?? "")} level={h.now.disk}>
        <Sparkline curves={[h.curves.disk ?? []]} top={1} />
      </Cell>
      <Cell host={h} title={text.hosts.network} exprs={[ask.received, ask.sent]} value={`↓ ${speed(h.now.received)}`} detail={`↑ ${speed(h.now.sent)}`}>
        <Sparkline curves={[h.curves.received ?? [], h.curves.sent ?? []]} />
      </Cell>
      <ClockCell host={h} />
    </tr>
  );
}

const ratio = (value: number | undefined) => (value === undefined ? "–" : percent(value));
const speed = (value: number | undefined) => (value === undefined ? "–" : `${bytes(value)}/s`);

interface CellProps {
  host: Host;
  title: string;
  exprs: string[];
  value: string;
  detail: string;
  /** 0 to 1; from 0.9 it is marked. */
  level?: number | undefined;
  children: preact.ComponentChildren;
}

function Cell({ host, title, exprs, value, detail, level, children }: CellProps) {
  const text = useText();
  return (
    <td role="cell" data-title={title}>
      <a class="metric" href={queryOf(exprs, host.instance)} aria-label={`${value}, ${detail}. ${text.hosts.open(title, host.name)}`} title={text.hosts.open(title, host.name)}>
        <span class={`value num ${level !== undefined && level >= 0.9 ? "high" : ""}`}>{value}{level !== undefined && level >= 0.9 && " !"}</span>
        <span class="sub num">{detail}</span>
        {children}
      </a>
    </td>
  );
}

function ClockCell({ host: h }: { host: Host }) {
  const text = useText();
  // A scrape takes some of a second; below that nothing is said of a clock.
  const wrong = h.clock !== undefined && Math.abs(h.clock) > 1;
  const value = h.clock === undefined ? "–" : Math.abs(h.clock) < 0.001 ? "0 s" : `${h.clock > 0 ? "+" : ""}${duration(h.clock)}`;
  return (
    <td role="cell" data-title={text.hosts.clock}>
      <a class="metric" href={queryOf([shown.clock], h.instance)} title={text.hosts.againstServer(value)} aria-label={`${text.hosts.againstServer(value)}. ${text.hosts.open(text.hosts.clock, h.name)}`}>
        <span class={`value num ${wrong ? "high" : ""}`}>{value}{wrong && " !"}</span>
        {h.synced !== undefined && <State tone={h.synced ? "ok" : "warn"}>{h.synced ? text.hosts.synced : text.hosts.unsynced}</State>}
      </a>
    </td>
  );
}

/** The same question for one host, as a graph. Every metric in it is given the instance. */
export function queryOf(exprs: string[], instance: string): string {
  const only = `instance=${JSON.stringify(instance)}`;
  const params: Record<string, string> = {};
  exprs.forEach((expr, i) => {
    params[`g${i}.expr`] = expr
      .replace(/\b(node_[a-zA-Z0-9_]+)\{/g, `$1{${only}, `)
      .replace(/\b(node_[a-zA-Z0-9_]+)(?![a-zA-Z0-9_{])/g, `$1{${only}}`);
  });
  return link("query", { ...params, "g0.range_input": "1h" });
}

