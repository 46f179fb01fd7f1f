// What is shown while the server reads its data after a start.
import { call } from "../api/client";
import { useLive } from "../api/live";
import type { Replay } from "../api/types";
import { useText } from "../i18n";
import { FailureNotice, Notice } from "./notice";

const every = 500;

/** How far the server is. The log is read in segments; before the first and after the last one blocks are opened. */
export function Starting() {
  const text = useText();
  const live = useLive("walreplay", every, async (signal) => (await call<Replay>("status/walreplay", signal)).data);
  if (live.failure && !live.data) return <FailureNotice failure={live.failure} />;
  const { done, all } = progress(live.data);
  return (
    <Notice level="info" title={text.starting.what}>
      <p>{text.starting.todo}</p>
      <progress max={Math.max(all, 1)} value={all > 0 ? done : undefined} aria-label={text.starting.what} />
      <p class="num">{all > 0 ? text.starting.segments(done, all) : " "}</p>
    </Notice>
  );
}

/** Segments that were read, and all of them; 0 of 0 while nothing is known. */
export function progress(replay: Replay | undefined): { done: number; all: number } {
  if (!replay || replay.max < replay.min || (replay.max === 0 && replay.current === 0)) return { done: 0, all: 0 };
  const all = replay.max - replay.min + 1;
  return { done: Math.min(Math.max(replay.current - replay.min, 0), all), all };
}
