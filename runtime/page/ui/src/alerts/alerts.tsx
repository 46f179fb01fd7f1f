// What fires, and the rules behind it.
import { useState } from "preact/hooks";
import { call } from "../api/client";
import { useLive } from "../api/live";
import type { Alert, Rule, RuleGroup } from "../api/types";
import { serverNow } from "../clock/clock";
import { count, duration } from "../format/numbers";
import { parseTime } from "../format/time";
import { useText } from "../i18n";
import { Async } from "../parts/async";
import { LabelList } from "../parts/labels";
import { Empty } from "../parts/notice";
import { State, type Tone } from "../parts/state";
import { link } from "../route";
import { activeAlerts, fitsRule, weight } from "./model";

const every = 10_000;
const tones: Record<Alert["state"], Tone> = { firing: "bad", pending: "warn", inactive: "ok" };

async function load(signal: AbortSignal): Promise<RuleGroup[]> {
  return (await call<{ groups: RuleGroup[] }>("rules", signal)).data.groups ?? [];
}

export function AlertsView() {
  const text = useText();
  const live = useLive("alerts", every, load);
  return (
    <>
      <h1>{text.alerts.title}</h1>
      <Async live={live}>{(groups) => (groups.length > 0 ? <Groups groups={groups} /> : <Empty title={text.alerts.none}><p>{text.alerts.noneDetail}</p></Empty>)}</Async>
    </>
  );
}

function Groups({ groups }: { groups: RuleGroup[] }) {
  const text = useText();
  const [filter, setFilter] = useState("");
  const active = activeAlerts(groups);
  const firing = active.filter((a) => a.alert.state === "firing").length;
  const shown = groups.map((g) => ({ ...g, rules: g.rules.filter((r) => fitsRule(r, filter)) })).filter((g) => g.rules.length > 0);
  return (
    <>
      <div class="bar">
        <span class="facts grow" role="status">{text.alerts.summary(firing, active.length - firing)}</span>
        <input type="search" aria-label={text.common.filter} placeholder={`${text.common.filter}: ${text.alerts.filterHint}`} value={filter} onInput={(e) => setFilter(e.currentTarget.value)} />
      </div>
      <h2>{text.alerts.active}</h2>
      {active.length === 0 && <p class="calm"><State tone="ok">{text.alerts.quiet}</State></p>}
      <ul class="cards">
        {active.filter((a) => fitsRule(a.rule, filter)).map(({ rule, alert }) => <AlertCard key={JSON.stringify(alert.labels)} rule={rule} alert={alert} />)}
      </ul>
      <h2>{text.alerts.rules}</h2>
      {shown.length === 0 && <Empty title={text.common.nothingFits} />}
      {shown.map((group) => (
        <section key={`${group.file}${group.name}`} class="pool">
          <h3>{group.name} <span class="facts num">{text.alerts.every(duration(group.interval))} · {group.file}</span></h3>
          <ul class="cards">{group.rules.toSorted((a, b) => weight(a) - weight(b)).map((rule) => <RuleCard key={`${rule.name}${rule.query}`} rule={rule} />)}</ul>
        </section>
      ))}
    </>
  );
}

function AlertCard({ rule, alert }: { rule: Rule; alert: Alert }) {
  const text = useText();
  const since = parseTime(alert.activeAt);
  const { summary, description, ...others } = alert.annotations ?? {};
  return (
    <li class={`card edge ${tones[alert.state]}`}>
      <div class="row">
        <State tone={tones[alert.state]}>{text.alerts.states[alert.state]}</State>
        <strong>{alert.labels.alertname ?? rule.name}</strong>
      </div>
      {[summary, description, ...Object.values(others)].filter(Boolean).map((line) => <p key={line}>{line}</p>)}
      <LabelList labels={alert.labels} without={["alertname"]} />
      <dl class="facts num">
        {since !== undefined && <div><dt>{text.alerts.since}</dt><dd>{text.common.ago(Math.round(serverNow() - since))}</dd></div>}
        <div><dt>{text.common.value}</dt><dd>{count(Number(alert.value))}</dd></div>
      </dl>
    </li>
  );
}

function RuleCard({ rule }: { rule: Rule }) {
  const text = useText();
  const last = parseTime(rule.lastEvaluation);
  const tone: Tone = rule.health === "err" ? "bad" : rule.health === "unknown" ? "off" : rule.state ? tones[rule.state] : "ok";
  const word = rule.health === "ok" && rule.state ? text.alerts.states[rule.state] : text.alerts.health[rule.health];
  return (
    <li class={`card ${rule.health === "err" ? "edge bad" : ""}`}>
      <div class="row">
        <State tone={tone}>{word}</State>
        <strong>{rule.name}</strong>
        {rule.type === "recording" && <span class="sub">{text.alerts.recording}</span>}
        {rule.duration ? <span class="sub num">{text.alerts.forTime(duration(rule.duration))}</span> : null}
      </div>
      <a class="code expr" href={link("query", { "g0.expr": rule.query })} title={text.alerts.openQuery}>{rule.query}</a>
      {rule.lastError && <p class="raw">{rule.lastError}</p>}
      <p class="facts num">{last === undefined ? text.alerts.health.unknown : text.alerts.evaluated(text.common.ago(Math.round(serverNow() - last)), duration(rule.evaluationTime))}</p>
    </li>
  );
}
