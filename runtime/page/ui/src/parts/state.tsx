export type Tone = "ok" | "warn" | "bad" | "off";
const signs: Record<Tone, string> = { ok: "✓", warn: "!", bad: "✕", off: "–" };

/** A state as sign, word and colour: none of them has to be seen for the others to be understood. */
export function State({ tone, children }: { tone: Tone; children: string }) {
  return <span class={`state ${tone}`}><span aria-hidden="true">{signs[tone]}</span>{children}</span>;
}
