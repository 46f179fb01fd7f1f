import assert from "node:assert/strict";
import { test } from "node:test";
import { best, browserAgainstServer, judge, type Reading } from "../src/clock/judge";

// The true time is 1000 at the moment the server reads its clock; the answer takes as long back as the question did there.
function reading(o: { browser?: number; server?: number; roundTrip?: number; ntp?: { offset: number; bound: number } | null; resolution?: number }): Reading {
  const { browser = 0, server = 0, roundTrip = 0.2, ntp = { offset: -server, bound: 0.05 }, resolution = 0 } = o;
  return { received: 1000 + browser + roundTrip / 2, roundTrip, serverTime: 1000 + server, resolution, ntp: ntp && { ...ntp, source: "ntp" } };
}

test("the round trip is taken out", () => {
  const slow = browserAgainstServer(reading({ roundTrip: 8 }));
  assert.ok(Math.abs(slow.ahead) < 1e-9);
  assert.equal(slow.bound, 4);
});

test("whose clock is wrong", () => {
  assert.equal(judge(reading({})).kind, "agree");
  assert.equal(judge(reading({ browser: 72 * 3600 })).kind, "browser");
  assert.equal(judge(reading({ browser: -90 })).kind, "browser");
  assert.equal(judge(reading({ server: 72 * 3600 })).kind, "server");
  assert.equal(judge(reading({ server: 300, browser: -40 })).kind, "both");
  // Wrong by the same: they agree with each other, and both are named.
  assert.equal(judge(reading({ server: 300, browser: 300 })).kind, "both");
});

test("by how much, and in which direction", () => {
  const verdict = judge(reading({ server: -120 }));
  assert.equal(verdict.kind, "server");
  if (verdict.kind === "server") assert.ok(Math.abs(verdict.server.ahead + 120) < 1e-9);
  const other = judge(reading({ browser: 30 }));
  if (other.kind === "browser") assert.ok(Math.abs(other.browser.ahead - 30) < 1e-9);
});

test("without NTP it cannot be told which", () => {
  assert.equal(judge(reading({ browser: 60, ntp: null })).kind, "differ");
  assert.equal(judge(reading({ server: 60, ntp: null })).kind, "differ");
  assert.equal(judge(reading({ ntp: null })).kind, "agree");
});

test("nothing is said inside the error of the measurement", () => {
  assert.equal(judge(reading({ browser: 4, roundTrip: 10 })).kind, "agree");
  // NTP knows only ± 100 s: the two differ by 60 s, and neither can be named.
  assert.equal(judge(reading({ browser: 60, ntp: { offset: 0, bound: 100 } })).kind, "differ");
  // A Date header has whole seconds.
  assert.equal(judge({ received: 1000.9, roundTrip: 0.1, serverTime: 1000, resolution: 1, ntp: null }).kind, "agree");
});

test("of several readings the quickest counts", () => {
  const quick = reading({ roundTrip: 0.01 });
  assert.equal(best([reading({ roundTrip: 3 }), quick, reading({ roundTrip: 0.4 })]), quick);
  assert.equal(best([]), undefined);
});
