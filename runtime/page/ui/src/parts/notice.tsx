import type { ComponentChildren } from "preact";
import type { Failure } from "../api/client";
import { useText } from "../i18n";

export type Level = "info" | "warn" | "bad";
const signs: Record<Level, string> = { info: "i", warn: "!", bad: "✕" };

export function Notice({ level, title, id, children }: { level: Level; title: string; id?: string; children?: ComponentChildren }) {
  return (
    <div class={`notice ${level}`} role={level === "info" ? "note" : "alert"} id={id}>
      <span class="sign" aria-hidden="true">{signs[level]}</span>
      <div>
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}

/** Why something could not be read, what to do, and the server's own words. */
export function FailureNotice({ failure, stale }: { failure: Failure; stale?: boolean }) {
  const text = useText();
  const words = text.failures[failure.kind];
  return (
    <Notice level={stale ? "warn" : "bad"} title={words.what}>
      <p>{stale ? text.common.staleData : words.todo}</p>
      {failure.message && <p class="raw">{failure.status > 0 ? `${failure.status} ` : ""}{failure.message}</p>}
    </Notice>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p><strong>{title}</strong></p>
      {children}
    </div>
  );
}

/** Grey bars where the answer will stand; they come late, so that a fast answer does not flicker. */
export function Skeleton({ rows }: { rows: number }) {
  const text = useText();
  return (
    <div class="skeleton" role="status" aria-label={text.common.loading}>
      {Array.from({ length: rows }, (_, i) => <div key={i} />)}
    </div>
  );
}
