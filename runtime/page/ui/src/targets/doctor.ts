// What the doctor of monctl serve says of a target.
import type { Failure } from "../api/client";
import type { DoctorAnswer, Target, Verdict } from "../api/types";

export type Word = { kind: "none" } | { kind: "looks" } | { kind: "failed"; why: string } | { kind: "verdict"; verdict: Verdict };

/**
 * The word on a target that is down or stale. A verdict stays until a look has given another one; "none" is said where there is no
 * doctor, where it cannot be asked, and where it says nothing of this target.
 */
export function wordOn(target: Pick<Target, "scrapePool" | "scrapeUrl">, answer: DoctorAnswer | undefined, failure: Failure | undefined): Word {
  const verdict = answer?.verdicts.find((v) => v.targets.some((t) => t.pool === target.scrapePool && t.url === target.scrapeUrl));
  if (verdict) return { kind: "verdict", verdict };
  if (failure) return { kind: "none" };
  if (!answer || answer.pending) return { kind: "looks" };
  return answer.failed ? { kind: "failed", why: answer.failed } : { kind: "none" };
}

/** A fix that begins with a program is a command to type, up to where or when to type it; the others are sentences. */
export function fixParts(fix: string): { command: string; words: string } {
  if (!/^(sudo|monctl|systemctl|journalctl|curl|getent|openssl|firewall-cmd|ufw|kill|\/\S+) /.test(fix)) return { command: "", words: fix };
  const end = fix.search(/ {2}\(|; (?!(sudo|systemctl|monctl) )/);
  return end < 0 ? { command: fix, words: "" } : { command: fix.slice(0, end), words: fix.slice(end) };
}

/** A title is one line, as the doctor prints it behind the name of the host: no capital, no full stop. That nobody can tell is said before it. */
export function sentence(title: string): string {
  const text = title.replace(/^cannot tell: /, "");
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
