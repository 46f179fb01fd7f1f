import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../src/api/client";
import type { DoctorAnswer, Target, Verdict } from "../src/api/types";
import { dictionaries } from "../src/i18n";
import { fixParts, sentence, wordOn } from "../src/targets/doctor";
import { type Cause, checks, explain } from "../src/targets/explain";
import { judgeTarget, labelKey } from "../src/targets/judge";

// Texts as Prometheus 2.42, 2.53 and 3.13 write them.
const texts: [string, Cause][] = [
  ['Get "http://127.0.0.1:9100/metrics": dial tcp 127.0.0.1:9100: connect: connection refused', "refused"],
  ['Get "http://10.0.0.9:9100/metrics": context deadline exceeded', "timeout"],
  ['Get "http://10.0.0.9:9100/metrics": dial tcp 10.0.0.9:9100: i/o timeout', "timeout"],
  ['Get "https://db/metrics": net/http: TLS handshake timeout', "timeout"],
  ['Get "http://nope:9100/metrics": dial tcp: lookup nope on 10.0.0.2:53: no such host', "name"],
  ['Get "http://nope:9100/metrics": dial tcp: lookup nope: Temporary failure in name resolution', "name"],
  ['Get "http://10.0.0.9:9100/metrics": dial tcp 10.0.0.9:9100: connect: no route to host', "route"],
  ['Get "https://h:9100/metrics": tls: failed to verify certificate: x509: certificate signed by unknown authority', "tlsAuthority"],
  ['Get "https://h:9100/metrics": x509: certificate has expired or is not yet valid: current time 2026-11-25T16:00:00Z is before 2027-01-01T00:00:00Z', "tlsTime"],
  ['Get "https://h:9100/metrics": x509: certificate is valid for a.example, not h', "tlsName"],
  ["Get \"https://10.0.0.9:9100/metrics\": x509: cannot validate certificate for 10.0.0.9 because it doesn't contain any IP SANs", "tlsName"],
  ['Get "https://h:9100/metrics": remote error: tls: bad certificate', "tlsOther"],
  ['Get "https://h:9100/metrics": http: server gave HTTP response to HTTPS client', "plainBehindTLS"],
  ['Get "https://h:9100/metrics": tls: first record does not look like a TLS handshake', "plainBehindTLS"],
  ["server returned HTTP status 401 Unauthorized", "unauthorized"],
  ["server returned HTTP status 403 Forbidden", "forbidden"],
  ["server returned HTTP status 404 Not Found", "notFound"],
  ["server returned HTTP status 400 Bad Request", "badRequest"],
  ["server returned HTTP status 503 Service Unavailable", "serverError"],
  ["server returned HTTP status 302 Found", "redirect"],
  ["server returned HTTP status 418 I'm a teapot", "status"],
  ['received unsupported Content-Type "text/html; charset=utf-8" and no fallback_scrape_protocol specified for target', "html"],
  ['expected a valid start token, got "<" ("INVALID") while parsing: "<"', "html"],
  ['"INVALID" is not a valid start token', "html"],
  ['expected value after metric, got "\\n" ("LINEBREAK") while parsing: "a"', "syntax"],
  ["sample limit exceeded", "limit"],
  ["label_limit exceeded (metric: \"a\", number of labels: 41, limit: 30)", "limit"],
  ["body size limit exceeded", "bodySize"],
  ["out of bounds", "outOfBounds"],
  ["out of order sample", "outOfOrder"],
  ["duplicate sample for timestamp", "duplicate"],
  ["write /data/wal/00000012: no space left on device", "diskFull"],
  ['Get "http://h/metrics": read tcp 10.0.0.1:4->10.0.0.2:9100: read: connection reset by peer', "cut"],
  ["unexpected EOF", "cut"],
  ["data does not end with # EOF", "syntax"],
  ['Get "http://h/metrics": proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused', "proxy"],
  ["dial tcp 10.0.0.9:9100: socket: too many open files", "resources"],
  ["", "unknown"],
  ["something else", "unknown"],
];

test("an error text has its cause", () => {
  for (const [text, cause] of texts) {
    assert.equal(explain(text), cause, text);
  }
});

test("every cause has words in every language, and they differ", () => {
  for (const cause of Object.keys(dictionaries.en.explanations) as Cause[]) {
    const { en, ko } = dictionaries;
    assert.ok(en.explanations[cause].what && en.explanations[cause].todo && ko.explanations[cause].what && ko.explanations[cause].todo, cause);
    assert.match(ko.explanations[cause].what, /[가-힣]/);
  }
  for (const cause of Object.keys(checks)) assert.ok(cause in dictionaries.en.explanations, cause);
});

test("up is not believed", () => {
  const scraped = (health: Target["health"]) => ({ health, scrapeInterval: "15s" }) as Target;
  assert.equal(judgeTarget(scraped("up"), 12), "up");
  assert.equal(judgeTarget(scraped("up"), 49), "up");
  assert.equal(judgeTarget(scraped("up"), 51), "stale");
  assert.equal(judgeTarget(scraped("up"), undefined), "stale");
  assert.equal(judgeTarget(scraped("up"), -3600), "stale");
  assert.equal(judgeTarget(scraped("down"), 1), "down");
  assert.equal(judgeTarget(scraped("unknown"), undefined), "waiting");
});

test("label sets are compared whatever their order", () => {
  assert.equal(labelKey({ b: "2", a: "1", __name__: "up" }), labelKey({ a: "1", b: "2" }));
  assert.notEqual(labelKey({ a: '1",b="2' }), labelKey({ a: "1", b: "2" }));
});

const target = { scrapePool: "node", scrapeUrl: "http://a/metrics" };
const verdict: Verdict = { targets: [{ pool: "other", url: "http://a/metrics" }, { pool: "node", url: "http://a/metrics" }], check: "scrape/refused", level: "fail", title: "t", cause: "", evidence: [], fix: "" };
const answer = (some: Partial<DoctorAnswer>): DoctorAnswer => ({ pending: false, at: 1, failed: "", host: "h", command: "c", verdicts: [], ...some });

test("the doctor's word stays until there is another one", () => {
  assert.deepEqual(wordOn(target, undefined, undefined), { kind: "looks" });
  assert.deepEqual(wordOn(target, answer({ pending: true }), undefined), { kind: "looks" });
  for (const given of [answer({ verdicts: [verdict] }), answer({ verdicts: [verdict], pending: true })]) {
    assert.deepEqual(wordOn(target, given, undefined), { kind: "verdict", verdict });
    assert.deepEqual(wordOn(target, given, new Failure("unreachable", "")), { kind: "verdict", verdict });
  }
});

test("where the doctor says nothing, the page says what it can", () => {
  assert.deepEqual(wordOn(target, answer({}), undefined), { kind: "none" });
  assert.deepEqual(wordOn({ ...target, scrapePool: "b" }, answer({ verdicts: [verdict] }), undefined), { kind: "none" });
  assert.deepEqual(wordOn(target, undefined, new Failure("server", "")), { kind: "none" });
  assert.deepEqual(wordOn(target, answer({ failed: "no shell" }), undefined), { kind: "failed", why: "no shell" });
});

test("a command is told from a sentence", () => {
  const fixes: [string, string, string][] = [
    ["systemctl start x  (on vm1)", "systemctl start x", "  (on vm1)"],
    ["curl -s 'http://a/metrics'  (on vm1); raise scrape_timeout", "curl -s 'http://a/metrics'", "  (on vm1); raise scrape_timeout"],
    ["systemctl reset-failed x; systemctl start x", "systemctl reset-failed x; systemctl start x", ""],
    ["/opt/monctl/monctl doctor localhost", "/opt/monctl/monctl doctor localhost", ""],
    ["correct metrics_path of job a", "", "correct metrics_path of job a"],
    ["", "", ""],
  ];
  for (const [fix, command, words] of fixes) assert.deepEqual(fixParts(fix), { command, words });
  assert.equal(sentence("cannot tell: it was not asked"), "it was not asked.");
  assert.equal(sentence("it is down."), "it is down.");
});
