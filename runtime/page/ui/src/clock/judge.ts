// Which clock is wrong? The browser's, the server's, or can it not be told. All times in seconds.

/** One question to the server, on the browser's clock. */
export interface Reading {
  /** When the answer came, and how long it took; the server read its clock at some moment in between. */
  received: number;
  roundTrip: number;
  serverTime: number;
  /** Fineness of serverTime: 1 when it is from a Date header. */
  resolution: number;
  /** NTP's time minus the server's, how wrong that can be, and who said so. */
  ntp: { offset: number; bound: number; source: string } | null;
}

/** A difference and how wrong it can be. */
export interface Estimate {
  ahead: number;
  bound: number;
}

export type Verdict =
  | { kind: "agree"; browser: Estimate; ntp: string | null }
  | { kind: "differ"; browser: Estimate }
  | { kind: "browser"; browser: Estimate; server: Estimate; ntp: string }
  | { kind: "server"; browser: Estimate; server: Estimate; ntp: string }
  | { kind: "both"; browser: Estimate; server: Estimate; ntp: string };

/** A clock is called wrong when it is off by more than this, whatever the error of the measurement. */
export const tolerance = 1;

/** Of several readings the one with the least error: the quickest, as in RFC 5905's clock filter. */
export function best(readings: Reading[]): Reading | undefined {
  return readings.reduce<Reading | undefined>((a, b) => (a && errorOf(a) <= errorOf(b) ? a : b), undefined);
}

function errorOf(r: Reading): number {
  return r.roundTrip / 2 + r.resolution / 2;
}

/** How far the browser's clock is ahead of the server's: the middle of the round trip against what the server said (RFC 5905, section 8). */
export function browserAgainstServer(r: Reading): Estimate {
  return { ahead: r.received - r.roundTrip / 2 - (r.serverTime + r.resolution / 2), bound: errorOf(r) };
}

function isWrong(e: Estimate): boolean {
  return Math.abs(e.ahead) - e.bound > tolerance;
}

export function judge(r: Reading): Verdict {
  const difference = browserAgainstServer(r);
  if (!r.ntp) return isWrong(difference) ? { kind: "differ", browser: difference } : { kind: "agree", browser: difference, ntp: null };
  const server = { ahead: -r.ntp.offset, bound: r.ntp.bound };
  const browser = { ahead: difference.ahead + server.ahead, bound: difference.bound + server.bound };
  const ntp = r.ntp.source;
  if (isWrong(server)) return isWrong(browser) ? { kind: "both", browser, server, ntp } : { kind: "server", browser, server, ntp };
  if (isWrong(browser)) return { kind: "browser", browser, server, ntp };
  // Both within what NTP can say, and yet apart: then NTP's bound is too wide to name one.
  return isWrong(difference) ? { kind: "differ", browser: difference } : { kind: "agree", browser: difference, ntp };
}
