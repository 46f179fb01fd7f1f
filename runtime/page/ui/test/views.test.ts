import assert from "node:assert/strict";
import { test } from "node:test";
import { activeAlerts, fitsRule, weight } from "../src/alerts/model";
import type { Rule, RuleGroup } from "../src/api/types";
import { type Answers, hostsOf, lengthFor, sorted } from "../src/hosts/model";
import { rateWindow } from "../src/hosts/questions";
import { pathOf } from "../src/hosts/sparkline";
import { dictionaries } from "../src/i18n";
import { progress } from "../src/parts/starting";
import { parseRoute } from "../src/route";
import { axisOf, headSpan, isFuture, place, type Span, ticks } from "../src/storage/axis";

const empty: Answers = {
  shown: { known: [], system: [], up: [], cores: [], total: [], fullest: [], free: [], uptime: [], clock: [], synced: [] },
  drawn: { cpu: [], memory: [], disk: [], received: [], sent: [] }, start: 0, step: 60, points: 3,
};
const sample = (metric: Record<string, string>, value: string) => ({ metric, value: [0, value] as [number, string] });

test("a host that fell silent stays, and says so", () => {
  const hosts = hostsOf({ ...empty, shown: { ...empty.shown, known: [sample({ instance: "a", job: "node", nodename: "web1" }, "1"), sample({ instance: "b", job: "node" }, "1")], up: [sample({ instance: "a", job: "node" }, "1"), sample({ instance: "b", job: "node" }, "0")] } });
  assert.deepEqual(hosts.map((h) => [h.name, h.answering]), [["web1", true], ["b", false]]);
  assert.deepEqual(sorted(hosts, "name").map((h) => h.name), ["b", "web1"]);
});

test("curves keep their gaps, and the newest value is their last", () => {
  const [host] = hostsOf({ ...empty, shown: { ...empty.shown, known: [sample({ instance: "a" }, "1")] }, drawn: { ...empty.drawn, cpu: [{ metric: { instance: "a" }, values: [[0, "0.5"], [120, "0.25"]] }] } });
  assert.deepEqual(host?.curves.cpu, [0.5, null, 0.25]);
  assert.equal(host?.now.cpu, 0.25);
  assert.equal(host?.now.memory, undefined);
});

test("the window of a rate holds four scrapes", () => {
  assert.equal(rateWindow([{ scrapeInterval: "5s" }, { scrapeInterval: "1m" }] as never), "240s");
  assert.equal(rateWindow([]), "60s");
});

test("curves are as long as there is data", () => {
  assert.equal(lengthFor(900, 1000, [300, 3600]), 300);
  assert.equal(lengthFor(0, 1000, [300, 3600]), 3600);
  assert.equal(lengthFor(0, 99_000, [300, 3600]), 3600);
});

test("a sparkline breaks at a gap", () => {
  assert.equal((pathOf([0, 1, null, 1], 1).match(/M/g) ?? []).length, 2);
  assert.equal(pathOf([null, null], 1), "");
});

const span = (from: number, to: number): Span => ({ id: "x", from, to, level: 1, samples: 1, series: 1, chunks: 1 });

test("what lies beyond now is the future", () => {
  assert.equal(isFuture(span(0, 1000), 1000), false);
  assert.equal(isFuture(span(0, 1030), 1000), false); // a clock may be off
  assert.equal(isFuture(span(0, 5000), 1000), true);
  const axis = axisOf([span(-9000, 1000), span(8000, 15200)], 1000);
  assert.equal(axis.ahead, 14200);
  assert.ok(place(axis, 1000) > 0 && place(axis, 15200) < 1);
  assert.equal(axisOf([], 1000).ahead, 0);
});

test("an empty head is none", () => {
  assert.equal(headSpan({ minTime: 9223372036854775807, maxTime: -9223372036854775808, numSeries: 0, chunkCount: 0 }), undefined);
  assert.equal(headSpan({ minTime: 5000, maxTime: 9000, numSeries: 1, chunkCount: 1 })?.to, 9);
});

test("ticks are round in local time", () => {
  const axis = axisOf([span(0, 5 * 86400)], 5 * 86400);
  for (const t of ticks(axis, 7, 9 * 3600)) assert.equal((t + 9 * 3600) % 86400, 0);
});

const rule = (o: Partial<Rule>): Rule => ({ type: "alerting", name: "r", query: "up", health: "ok", lastEvaluation: "", evaluationTime: 0, ...o });

test("what fires comes first", () => {
  const alert = (state: "firing" | "pending", activeAt: string) => ({ labels: { alertname: activeAt }, annotations: {}, state, activeAt, value: "1" });
  const group: RuleGroup = { name: "g", file: "f", interval: 1, rules: [rule({ alerts: [alert("pending", "3"), alert("firing", "1"), alert("firing", "2")] })] };
  assert.deepEqual(activeAlerts([group]).map((a) => a.alert.activeAt), ["2", "1", "3"]);
  assert.ok(weight(rule({ health: "err" })) < weight(rule({ state: "firing" })));
  assert.equal(fitsRule(rule({ name: "TargetDown" }), " targetd "), true);
});

test("addresses", () => {
  assert.equal(parseRoute("").view, "hosts");
  assert.equal(parseRoute("#/nonsense").view, "hosts");
  const { view, params } = parseRoute("#/query?g0.expr=a%3Fb");
  assert.equal(view, "query");
  assert.equal(params.get("g0.expr"), "a?b");
});

test("no sentence of one language was left in the other", () => {
  const { en, ko } = dictionaries;
  const same: string[] = [];
  const walk = (a: unknown, b: unknown, path: string) => {
    if (typeof a === "string" && a === b && /[a-z]{3}/.test(a)) same.push(path);
    if (a && typeof a === "object") for (const key of Object.keys(a)) walk((a as never)[key], (b as never)[key], `${path}.${key}`);
  };
  walk(en, ko, "");
  assert.deepEqual(same, []);
});

test("segments are counted from the first that is there", () => {
  assert.deepEqual(progress(undefined), { done: 0, all: 0 });
  assert.deepEqual(progress({ min: 0, max: 0, current: 0 }), { done: 0, all: 0 });
  assert.deepEqual(progress({ min: 12, max: 19, current: 13 }), { done: 1, all: 8 });
  assert.deepEqual(progress({ min: 12, max: 19, current: 20 }), { done: 8, all: 8 });
});
