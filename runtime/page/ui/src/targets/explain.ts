// What the text of a scrape's error means. The texts are Go's net, crypto/x509 and net/http packages', and Prometheus' scrape package's
// (scrape/scrape.go, model/textparse); 2.42 to 3.13.

export type Cause =
  | "refused" | "timeout" | "name" | "route" | "cut" | "proxy" | "resources"
  | "tlsAuthority" | "tlsTime" | "tlsName" | "tlsOther" | "plainBehindTLS" | "tlsBehindPlain"
  | "unauthorized" | "forbidden" | "notFound" | "badRequest" | "redirect" | "serverError" | "status"
  | "html" | "syntax" | "limit" | "bodySize" | "outOfBounds" | "outOfOrder" | "duplicate" | "diskFull" | "unknown";

interface Pattern {
  cause: Cause;
  text: RegExp;
}

// In this order: the first that fits names the cause.
const patterns: Pattern[] = [
  { cause: "plainBehindTLS", text: /server gave HTTP response to HTTPS client|first record does not look like a TLS handshake/ },
  { cause: "tlsBehindPlain", text: /HTTP request to an HTTPS server|malformed HTTP response "\\x15/ },
  { cause: "tlsTime", text: /certificate has expired or is not yet valid/ },
  { cause: "tlsAuthority", text: /certificate signed by unknown authority|certificate is not trusted/ },
  { cause: "tlsName", text: /certificate is (not )?valid for|doesn't contain any IP SANs|legacy Common Name/ },
  { cause: "tlsOther", text: /x509:|tls:|remote error: tls/ },
  { cause: "proxy", text: /proxyconnect/ },
  { cause: "resources", text: /too many open files|cannot assign requested address|cannot allocate memory/ },
  { cause: "refused", text: /connection refused/ },
  { cause: "name", text: /no such host|server misbehaving|name resolution|lookup .* (on|: )/ },
  { cause: "route", text: /no route to host|network is unreachable|host is down/ },
  { cause: "diskFull", text: /no space left on device/ },
  { cause: "timeout", text: /deadline exceeded|Client\.Timeout|(i\/o|handshake) timeout|timed out/ },
  { cause: "unauthorized", text: /HTTP status 401/ },
  { cause: "forbidden", text: /HTTP status 403/ },
  { cause: "notFound", text: /HTTP status 404/ },
  { cause: "badRequest", text: /HTTP status 400/ },
  { cause: "redirect", text: /HTTP status 3\d\d|stopped after \d+ redirects/ },
  { cause: "serverError", text: /HTTP status 5\d\d/ },
  { cause: "status", text: /HTTP status \d+/ },
  { cause: "html", text: /text\/html|<!doctype|<html|got "<"|"INVALID" is not a valid start token/i },
  { cause: "bodySize", text: /body size limit|body[- _]?size|response (body )?(is )?too large/ },
  { cause: "limit", text: /limit exceeded|sample_limit|label_limit|label_(name|value)_length_limit|too many (samples|series|labels)/ },
  { cause: "outOfBounds", text: /out of bounds|too far in(to)? the future|too old sample/ },
  { cause: "outOfOrder", text: /out of order/ },
  { cause: "duplicate", text: /duplicate sample|duplicate timestamp/ },
  { cause: "cut", text: /connection reset|broken pipe|unexpected EOF|(^|: )EOF$|server closed/ },
  { cause: "syntax", text: /Content-Type|expected |unexpected |strconv\.|invalid (metric|label|utf-?8|UTF)|not a valid start token|gzip: invalid|no token found|data does not end with # EOF|parse/ },
];

/** The cause behind an error text; "unknown" when none of them fits. */
export function explain(error: string): Cause {
  return patterns.find(({ text }) => text.test(error))?.cause ?? "unknown";
}

/** The check of `monctl doctor` that looks for the cause on the hosts themselves (docs/checks.md). */
export const checks: Partial<Record<Cause, string>> = {
  refused: "scrape/refused",
  timeout: "scrape/slow",
  name: "scrape/name",
  route: "scrape/host-down",
  tlsAuthority: "scrape/tls",
  tlsTime: "scrape/tls",
  tlsName: "scrape/tls",
  tlsOther: "scrape/tls",
  plainBehindTLS: "scrape/scheme",
  tlsBehindPlain: "scrape/scheme",
  badRequest: "scrape/scheme",
  unauthorized: "scrape/auth",
  forbidden: "scrape/auth",
  notFound: "scrape/path",
  redirect: "scrape/path",
  serverError: "scrape/exporter-error",
  html: "scrape/content",
  syntax: "scrape/content",
  limit: "scrape/limit",
  bodySize: "scrape/limit",
  outOfBounds: "tsdb/out-of-bounds",
  outOfOrder: "tsdb/out-of-order",
  duplicate: "tsdb/duplicate-timestamps",
  diskFull: "tsdb/disk-space",
};
