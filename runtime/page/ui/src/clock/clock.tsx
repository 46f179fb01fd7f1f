// The server's time, which the whole page uses as "now", and the banner when a clock is wrong.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { address, Failure, read } from "../api/client";
import { type Live, useLive } from "../api/live";
import type { ClockAnswer } from "../api/types";
import { duration } from "../format/numbers";
import { useText } from "../i18n";
import { Notice } from "../parts/notice";
import { Prose } from "../parts/prose";
import { best, browserAgainstServer, judge, type Reading, type Verdict } from "./judge";

const kept = 5; // readings of which the best counts
const every = 30_000;

let readings: Reading[] = [];
let ahead = 0; // seconds the browser is ahead of the server

/** Unix seconds on the server's clock. */
export function serverNow(): number {
  return Date.now() / 1000 - ahead;
}

/** What is known of the clocks; repair is the command for data in the future. */
export interface Clocks {
  verdict: Verdict;
  repair: string | undefined;
}

async function ask(signal: AbortSignal): Promise<{ reading: Reading; repair?: string | undefined }> {
  const started = performance.now();
  try {
    const answer = await read<ClockAnswer>("api/monctl/clock", signal);
    return { reading: { ...arrival(started), serverTime: answer.serverTime, resolution: 0, ntp: answer.ntp }, repair: answer.future?.repair };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "absent") throw error;
    return { reading: await fromDateHeader(signal) };
  }
}

// A Prometheus has no clock to ask; every HTTP answer has a Date header, in whole seconds.
async function fromDateHeader(signal: AbortSignal): Promise<Reading> {
  const started = performance.now();
  const response = await fetch(address("api/v1/status/buildinfo"), { signal, cache: "no-store" });
  const date = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(date)) throw new Failure("foreign", "no Date header", response.status);
  return { ...arrival(started), serverTime: date / 1000, resolution: 1, ntp: null };
}

// The round trip is taken from a clock that cannot be stepped.
function arrival(started: number): { received: number; roundTrip: number } {
  return { received: Date.now() / 1000, roundTrip: (performance.now() - started) / 1000 };
}

async function measure(signal: AbortSignal): Promise<Clocks> {
  const { reading: newest, repair } = await ask(signal);
  const now = browserAgainstServer(newest);
  // A clock was stepped: what was measured before says nothing any more.
  readings = readings.filter((old) => Math.abs(browserAgainstServer(old).ahead - now.ahead) <= browserAgainstServer(old).bound + now.bound + 0.1);
  readings = [...readings, newest].slice(-kept);
  const reading = { ...(best(readings) ?? newest), ntp: newest.ntp };
  ahead = browserAgainstServer(reading).ahead;
  return { verdict: judge(reading), repair };
}

const Clock = createContext<Live<Clocks>>({ refresh: () => undefined });
export const ClockProvider = Clock.Provider;
export const useClock = () => useContext(Clock);
export const useClockReading = () => useLive("clock", every, measure);

export function ClockBanner() {
  const text = useText();
  const verdict = useClock().data?.verdict;
  if (!verdict || verdict.kind === "agree") return null;
  const words = text.clock[verdict.kind](verdict as never);
  return (
    <Notice level={verdict.kind === "browser" ? "warn" : "bad"} title={words.title} id="clock-banner">
      <p>{words.detail}</p>
      <p><Prose text={words.todo} /></p>
    </Notice>
  );
}

/** The small line in the header: how far apart the clocks are, always to be seen. */
export function ClockMark() {
  const text = useText();
  const verdict = useClock().data?.verdict;
  if (!verdict) return <span class="mark" aria-hidden="true" />;
  const ok = verdict.kind === "agree";
  const size = duration(Math.abs(verdict.browser.ahead));
  return (
    <span class={`mark ${ok ? "ok" : "bad"}`} title={text.clock.markTitle(duration(verdict.browser.bound))}>
      <span aria-hidden="true">{ok ? "✓" : "✕"}</span> {ok ? text.clock.markAgree : text.clock.markWrong(size)}
    </span>
  );
}
