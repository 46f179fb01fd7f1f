// The doctor's verdict on a card.
import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import { Failure, read } from "../api/client";
import { type Live, useLive } from "../api/live";
import type { DoctorAnswer, Target, Verdict } from "../api/types";
import { serverNow } from "../clock/clock";
import { useText } from "../i18n";
import { fixParts, sentence, wordOn } from "./doctor";

const soon = 1_000; // ms to the next question while the doctor looks
const later = 5_000;

let offered: boolean | undefined; // whether the server has a doctor; undefined until it was asked

const nobody: DoctorAnswer = { pending: true, at: 0, failed: "", host: "", command: "", verdicts: [] };

const Doctor = createContext<Live<DoctorAnswer>>({ refresh: () => undefined });
export const DoctorProvider = Doctor.Provider;

/** Learns whether there is a doctor, once, so that the cards are drawn with room for its word, or without. The answer comes at once. */
export async function learnOfDoctor(signal: AbortSignal): Promise<void> {
  if (offered !== undefined) return;
  try {
    await read<DoctorAnswer>("api/monctl/doctor", signal);
    offered = true;
  } catch (error) {
    if (error instanceof Failure && error.kind === "absent") offered = false;
  }
}

/** Asks the doctor while there are targets that are down or stale, and at once when there are others. */
export function useDoctor(ill: Target[]): Live<DoctorAnswer> {
  const [every, setEvery] = useState(soon);
  const asks = ill.length > 0 && offered === true;
  const key = asks ? `doctor ${ill.map((t) => `${t.scrapePool} ${t.scrapeUrl}`).sort().join(" ")}` : "nobody";
  return useLive(key, asks ? every : 0, async (signal) => {
    if (!asks) return nobody;
    const answer = await read<DoctorAnswer>("api/monctl/doctor", signal);
    setEvery(answer.pending ? soon : later);
    return answer;
  }, true);
}

/** What the doctor says of a target; where it says nothing, the check that a person may run. */
export function DoctorWord({ target, check }: { target: Target; check?: string | undefined }) {
  const text = useText();
  const { data, failure } = useContext(Doctor);
  const word = offered ? wordOn(target, data, failure) : { kind: "none" as const };
  const hint = check && <p class="sub">{text.doctor.check} <code>monctl doctor --only {check}</code></p>;
  switch (word.kind) {
    case "none":
      return <>{hint}</>;
    case "looks":
      return <div class="verdict" aria-busy="true"><p class="sub">{text.doctor.looks}</p></div>;
    case "failed":
      return <div class="verdict"><p>{text.doctor.failed} <span class="raw" lang="en">{word.why}</span></p>{hint}</div>;
    case "verdict":
      return <Said verdict={word.verdict} answer={data ?? nobody} />;
  }
}

function Said({ verdict: v, answer }: { verdict: Verdict; answer: DoctorAnswer }) {
  const text = useText();
  const unknown = v.level === "unknown";
  const fix = fixParts(v.fix);
  const more = <p class="sub">{text.doctor.more(answer.host)} <code>{answer.command}</code></p>;
  return (
    <div class={`verdict ${unknown ? "unknown" : ""}`}>
      <p class="sub">{unknown ? text.doctor.cannotTell : text.doctor.cause} {v.check && <code>{v.check}</code>}</p>
      <p lang="en"><strong>{sentence(v.title)}</strong>{v.cause && ` ${v.cause}`}</p>
      {v.fix && <p class="fix"><span aria-label={text.doctor.fix} role="img">→</span> <span lang="en">{fix.command && <code>{fix.command}</code>}{fix.words}</span></p>}
      {unknown && more}
      <details>
        <summary>{text.doctor.evidence}</summary>
        <dl lang="en" class="evidence">{v.evidence.map((e, i) => <div key={i}><dt>{e.what}</dt><dd>{e.text}</dd></div>)}</dl>
        <p class="sub num">{text.doctor.looked(answer.host, text.common.ago(Math.round(Math.max(0, serverNow() - answer.at))))}</p>
        {!unknown && more}
      </details>
    </div>
  );
}

