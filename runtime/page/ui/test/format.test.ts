import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, count, duration, percent, unitOf, withUnit } from "../src/format/numbers";
import { formatDuration, parseDuration, parseTime } from "../src/format/time";

test("bytes", () => {
  assert.equal(bytes(0), "0 B");
  assert.equal(bytes(1023), "1023 B");
  assert.equal(bytes(1536), "1.5 KiB");
  assert.equal(bytes(1024 ** 3 * 23.456), "23.5 GiB");
  assert.equal(bytes(1024 ** 2 - 1), "1 MiB"); // not 1024 KiB
  assert.equal(bytes(-2048), "−2 KiB");
  assert.equal(bytes(NaN), "NaN");
  assert.equal(bytes(-Infinity), "−∞");
});

test("count", () => {
  assert.equal(count(0), "0");
  assert.equal(count(0.25), "0.25");
  assert.equal(count(999.7), "1\u202fk");
  assert.equal(count(1234567), "1.23\u202fM");
  assert.equal(count(0.00231), "2.31\u202fm");
  assert.equal(count(3e-12), "3.0e−12");
  assert.equal(count(3e18), "3000\u202fP");
});

test("percent", () => {
  assert.equal(percent(0.0512), "5.1 %");
  assert.equal(percent(0.734), "73 %");
  assert.equal(percent(-0.02), "−2.0 %");
});

test("duration", () => {
  assert.equal(duration(0), "0 s");
  assert.equal(duration(0.0000005), "500 ns");
  assert.equal(duration(0.34), "340 ms");
  assert.equal(duration(0.9999), "1 s");
  assert.equal(duration(12.4), "12 s");
  assert.equal(duration(59.7), "1 min");
  assert.equal(duration(3900), "1 h 5 min");
  assert.equal(duration(86400 * 3), "3 d");
  assert.equal(duration(-90), "−1 min 30 s");
});

test("the unit of an expression", () => {
  const units: [string, string][] = [
    ["node_memory_MemAvailable_bytes", "bytes"],
    ["rate(node_network_receive_bytes_total{device!~\"lo|a/b\"}[5m])", "bytes/s"],
    ["sum by (job) (rate(http_requests_total[5m]))", "per second"],
    ["histogram_quantile(0.9, rate(request_duration_seconds_bucket[5m]))", "seconds"],
    ["scrape_duration_seconds", "seconds"],
    ["node_boot_time_seconds", "none"],
    ["rate(node_cpu_seconds_total[1m])", "none"],
    ["node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "ratio"],
    ["up", "none"],
    ["count(node_memory_MemAvailable_bytes)", "none"],
  ];
  for (const [expr, unit] of units) assert.equal(unitOf(expr), unit, expr);
  assert.equal(withUnit(2048, "bytes/s"), "2 KiB/s");
});

test("Prometheus' durations", () => {
  assert.equal(parseDuration("1h30m"), 5400);
  assert.equal(parseDuration("250ms"), 0.25);
  assert.equal(parseDuration("90"), 90);
  for (const bad of ["", "0", "1x", "h", "-5m", "1h 30m", "1.5h"]) assert.equal(parseDuration(bad), undefined, bad);
  for (const s of [5400, 0.25, 15, 86400, 90061]) assert.equal(parseDuration(formatDuration(s)), s);
  assert.equal(formatDuration(604800), "7d");
});

test("Go's zero time is no time", () => {
  assert.equal(parseTime("0001-01-01T00:00:00Z"), undefined);
  assert.equal(parseTime(undefined), undefined);
  assert.equal(parseTime("2026-11-25T17:00:00Z"), 1795626000);
});
