// What state a target is really in. "Up" only says that the last scrape could be read; whether its samples are stored is another question.
import type { Labels, Target } from "../api/types";
import { parseDuration } from "../format/time";

export type TargetState = "up" | "stale" | "down" | "waiting";

/** age: seconds since the newest stored sample of the target's `up`, by the server's clock; undefined when none is found. */
export function judgeTarget(target: Target, age: number | undefined): TargetState {
  if (target.health === "down") return "down";
  if (target.health === "unknown") return "waiting";
  const interval = parseDuration(target.scrapeInterval ?? "") ?? 60;
  if (age === undefined) return "stale";
  // A scrape may take its timeout (at most the interval), and ours is not read at the moment of theirs. The minus: samples from the future.
  return age > 3 * interval + 5 || age < -(interval + 5) ? "stale" : "up";
}

export const worstFirst: TargetState[] = ["down", "stale", "waiting", "up"];

/** One text for a label set, equal for equal sets; __name__ left out. */
export function labelKey(labels: Labels): string {
  return Object.keys(labels)
    .filter((name) => name !== "__name__")
    .sort()
    .map((name) => `${name}=${JSON.stringify(labels[name])}`)
    .join(",");
}
