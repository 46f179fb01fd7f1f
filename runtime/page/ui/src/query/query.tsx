// The query page: several queries over one time.
import { useEffect, useRef, useState } from "preact/hooks";
import { serverNow } from "../clock/clock";
import { formatDuration, parseDuration, stamp } from "../format/time";
import { useText } from "../i18n";
import { link, useRoute } from "../route";
import { Panel } from "./panel";
import { defaultRange, formatSearch, move, parseSearch, type Search, stepFor, zoom } from "./range";

export default function QueryView() {
  const text = useText();
  const search = parseSearch(useRoute().params);
  const set = (next: Search) => {
    location.hash = link("query", formatSearch(next));
  };
  const setQuery = (i: number, query: Search["queries"][number]) => set({ ...search, queries: search.queries.with(i, query) });
  return (
    <>
      <h1>{text.query.title}</h1>
      <TimeBar search={search} set={set} />
      {search.queries.map((query, i) => (
        <Panel
          key={i}
          n={i + 1}
          query={query}
          search={search}
          set={(q) => setQuery(i, q)}
          setSearch={set}
          {...(search.queries.length > 1 && { remove: () => set({ ...search, queries: search.queries.toSpliced(i, 1) }) })}
        />
      ))}
      <button type="button" class="add" onClick={() => set({ ...search, queries: [...search.queries, { expr: "", view: "graph" }] })}>
        <span aria-hidden="true">+</span> {text.query.add}
      </button>
    </>
  );
}

function TimeBar({ search, set }: { search: Search; set: (s: Search) => void }) {
  const text = useText();
  const now = serverNow();
  return (
    <div class="bar timebar" role="group" aria-label={text.query.range}>
      <span class="joined">
        <button type="button" aria-label={text.query.earlier} title={text.query.earlier} onClick={() => set(move(search, -0.5, now))}>‹</button>
        <button type="button" aria-label={text.query.zoomOut} title={text.query.zoomOut} onClick={() => set(zoom(search, 2, now))}>−</button>
        <DurationField label={text.query.range} value={formatDuration(search.range)} wrong={text.query.badRange} list={["5m", "15m", "1h", "6h", "1d", "7d"]}
          set={(range) => set({ ...search, range: range ?? defaultRange })} />
        <button type="button" aria-label={text.query.zoomIn} title={text.query.zoomIn} onClick={() => set(zoom(search, 0.5, now))}>+</button>
        <button type="button" aria-label={text.query.later} title={text.query.later} disabled={search.end === undefined} onClick={() => set(move(search, 0.5, now))}>›</button>
      </span>
      <span class="when">
        {text.query.end}: <b class="num">{search.end === undefined ? text.query.now : stamp(search.end)}</b>
        {search.end !== undefined && <button type="button" class="quiet" onClick={() => set({ ...search, end: undefined })}>{text.query.toNow}</button>}
      </span>
      <label class="field">
        <span>{text.query.step}</span>
        <DurationField label={text.query.step} value={search.step === undefined ? "" : formatDuration(search.step)} hint={`${text.query.auto} (${formatDuration(stepFor({ ...search, step: undefined }))})`}
          wrong={text.query.badStep} list={["15s", "1m", "5m", "1h"]} set={(step) => set({ ...search, step })} />
      </label>
      <label class="check">
        <input type="checkbox" checked={search.compare} onChange={(e) => set({ ...search, compare: e.currentTarget.checked })} /> {text.query.compare}
      </label>
      <Share search={search} />
    </div>
  );
}

interface DurationFieldProps {
  label: string;
  value: string;
  hint?: string;
  wrong: string;
  list: string[];
  set: (seconds: number | undefined) => void;
}

/** A length of time to type or to choose. Empty is undefined; what is no duration is said and not taken. */
function DurationField({ label, value, hint, wrong, list, set }: DurationFieldProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const bad = typed !== "" && parseDuration(typed) === undefined;
  const take = () => {
    if (!bad && typed !== value) set(parseDuration(typed));
  };
  const id = `durations-${label}`;
  return (
    <span class="duration">
      <input aria-label={label} value={typed} placeholder={hint ?? ""} list={id} size={hint ? 11 : 6} aria-invalid={bad} spellcheck={false}
        onInput={(e) => setTyped(e.currentTarget.value)} onBlur={take} onChange={take} onKeyDown={(e) => e.key === "Enter" && take()} />
      <datalist id={id}>{list.map((d) => <option key={d} value={d} />)}</datalist>
      {bad && <span class="wrong" role="alert">{wrong}</span>}
    </span>
  );
}

/** A link to exactly what is seen, with a fixed end. Where the browser gives no clipboard (plain http), the link is shown to be copied. */
function Share({ search }: { search: Search }) {
  const text = useText();
  const [state, setState] = useState<"" | "copied" | "shown">("");
  const field = useRef<HTMLInputElement>(null);
  const url = () => {
    const fixed = link("query", formatSearch({ ...search, end: search.end ?? Math.floor(serverNow()) }));
    return new URL(fixed, document.baseURI).toString();
  };
  const share = async () => {
    try {
      await navigator.clipboard.writeText(url());
      setState("copied");
      setTimeout(() => setState(""), 3000);
    } catch {
      setState("shown");
    }
  };
  useEffect(() => field.current?.select(), [state]);
  return (
    <span class="share">
      <button type="button" onClick={share}>{text.query.share}</button>
      <span role="status">{state === "copied" && text.query.shared}</span>
      {state === "shown" && <input ref={field} readOnly aria-label={text.query.shareByHand} title={text.query.shareByHand} value={url()} onBlur={() => setState("")} />}
    </span>
  );
}
