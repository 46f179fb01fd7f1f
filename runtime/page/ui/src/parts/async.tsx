import type { ComponentChildren } from "preact";
import type { Live } from "../api/live";
import { FailureNotice, Skeleton } from "./notice";

/** What a view shows while its data is on the way, cannot be had, is there, or is there but no longer fresh. */
export function Async<T>({ live, rows = 4, children }: { live: Live<T>; rows?: number; children: (data: T) => ComponentChildren }) {
  if (live.data === undefined) return live.failure ? <FailureNotice failure={live.failure} /> : <Skeleton rows={rows} />;
  return (
    <>
      {live.failure && <FailureNotice failure={live.failure} stale />}
      {children(live.data)}
    </>
  );
}
