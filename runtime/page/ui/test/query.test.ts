import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, kindOfStatus } from "../src/api/client";
import { between, formatSearch, move, parseSearch, type Search, stepFor, window, zoom } from "../src/query/range";
import { plotOf, rowsOf, valueOf } from "../src/query/series";

const search = (o: Partial<Search> = {}): Search => ({ queries: [{ expr: "up", view: "graph" }], range: 3600, end: undefined, step: undefined, compare: false, ...o });

test("the address says what is seen", () => {
  const all = search({ queries: [{ expr: 'a{b="c&d"}', view: "graph" }, { expr: "e", view: "table" }], range: 5400, end: 1795626000, step: 15, compare: true });
  assert.deepEqual(parseSearch(new URLSearchParams(formatSearch(all).toString())), all);
  assert.deepEqual(parseSearch(new URLSearchParams(formatSearch(search()).toString())), search());
});

test("links of Prometheus' own pages", () => {
  const old = parseSearch(new URLSearchParams("g0.expr=up%20%3D%3D%200&g0.tab=1&g0.range_input=2h&g0.end_input=2026-11-25%2017%3A00%3A00&g0.step_input=30"));
  assert.deepEqual(old, search({ queries: [{ expr: "up == 0", view: "table" }], range: 7200, end: 1795626000, step: 30 }));
});

test("nonsense in the address is the default", () => {
  assert.deepEqual(parseSearch(new URLSearchParams("g0.range_input=x&g0.end_input=y&g0.step_input=-1")), search({ queries: [{ expr: "", view: "graph" }] }));
});

test("steps are round, and never more points than Prometheus accepts", () => {
  assert.equal(stepFor(search({ range: 300 })), 1);
  assert.equal(stepFor(search()), 10);
  assert.equal(stepFor(search({ range: 7 * 86400 })), 1800);
  assert.ok((365 * 86400) / stepFor(search({ range: 365 * 86400, step: 1 })) <= 11000);
});

test("a window stands on multiples of its step", () => {
  assert.deepEqual(window(search(), 10_007), { start: 6400, end: 10_000, step: 10 });
  assert.deepEqual(window(search(), 10_009), window(search(), 10_001));
});

test("moving and zooming", () => {
  const now = 100_000;
  assert.equal(move(search(), -0.5, now).end, 98_200);
  assert.equal(move(search({ end: 98_200 }), 0.5, now).end, undefined); // the present is followed again
  assert.deepEqual(zoom(search({ end: 50_000 }), 0.5, now), search({ range: 1800, end: 49_100 }));
  assert.equal(zoom(search({ range: 12 }), 0.1, now).range, 10);
  assert.deepEqual(between(search(), 1000, 1600, now), search({ range: 600, end: 1600 }));
});

test("series become columns, gaps stay gaps", () => {
  const w = { start: 100, end: 140, step: 10 };
  const plot = plotOf([{ metric: { __name__: "a" }, values: [[100, "1"], [120, "+Inf"], [130, "4"]] }], [], w, 10, 86400);
  assert.deepEqual(plot.times, [100, 110, 120, 130, 140]);
  assert.deepEqual(plot.lines[0]?.values, [1, null, null, 4, null]);
});

test("a day before lies over today and has its twin's colour", () => {
  const w = { start: 90_000, end: 90_020, step: 10 };
  const now = [{ metric: { m: "x" }, values: [[90_000, "1"]] as [number, string][] }, { metric: { m: "y" }, values: [[90_000, "2"]] as [number, string][] }];
  const before = [{ metric: { m: "y" }, values: [[3600, "7"]] as [number, string][] }, { metric: { m: "gone" }, values: [[3610, "8"]] as [number, string][] }];
  const { lines } = plotOf(now, before, w, 10, 86400);
  assert.deepEqual(lines.map((l) => [l.name, l.colour, l.before]), [['{m="x"}', 0, false], ['{m="y"}', 1, false], ['{m="y"}', 1, true], ['{m="gone"}', 2, true]]);
  assert.deepEqual(lines[2]?.values, [7, null, null]);
  assert.deepEqual(lines[3]?.values, [null, 8, null]);
});

test("more series than are drawn are counted, histograms are noted", () => {
  const many = Array.from({ length: 5 }, (_, i) => ({ metric: { i: String(i) }, values: [[0, "1"]] as [number, string][] }));
  const plot = plotOf([...many, { metric: { h: "1" }, histograms: [] }], [], { start: 0, end: 0, step: 1 }, 3, 0);
  assert.equal(plot.lines.length, 3);
  assert.equal(plot.all, 6);
  assert.equal(plot.histograms, true);
});

test("rows of every kind of answer", () => {
  assert.deepEqual(rowsOf({ resultType: "scalar", result: [1, "2"] }), [{ name: "scalar", values: [{ time: 1, text: "2" }] }]);
  assert.deepEqual(rowsOf({ resultType: "vector", result: [{ metric: { __name__: "h" }, histogram: [5, { count: "3", sum: "1.5" }] }] }),
    [{ name: "h", values: [{ time: 5, text: "", histogram: { count: 3, sum: 1.5 } }] }]);
  assert.equal(valueOf("NaN"), null);
});

test("failures have a kind", () => {
  assert.equal(failureOf("bad_data", "1:5: parse error", 400).kind, "query");
  assert.equal(failureOf("timeout", "query timed out", 503).kind, "timeout");
  assert.equal(failureOf("execution", "query processing would load too many samples into memory in query execution", 422).kind, "overload");
  assert.equal(failureOf("bad_data", "exceeded maximum resolution of 11,000 points per timeseries", 400).kind, "overload");
  assert.equal(kindOfStatus(401), "refused");
  assert.equal(kindOfStatus(502), "server");
  assert.equal(kindOfStatus(200), "foreign");
});
