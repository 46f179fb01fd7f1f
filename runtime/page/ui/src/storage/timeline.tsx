import { count, duration } from "../format/numbers";
import { day, stamp } from "../format/time";
import { useText } from "../i18n";
import { type Axis, isFuture, place, type Span, ticks } from "./axis";

const lane = 34; // px a level takes
const top = 26;

/** Blocks as bars, the head lowest and larger compactions higher; what is to the right of now is the future, red and hatched. */
export function Timeline({ axis }: { axis: Axis }) {
  const text = useText();
  const levels = [...new Set(axis.spans.map((s) => s.level))].sort((a, b) => b - a);
  const height = top + Math.max(levels.length, 1) * lane;
  const now = 100 * place(axis, axis.now);
  const offset = -60 * new Date(axis.now * 1000).getTimezoneOffset();
  const short = (t: number) => (axis.to - axis.from < 2 * 86400 ? stamp(t).slice(11, 16) : axis.to - axis.from < 12 * 86400 ? stamp(t).slice(5, 16) : day(t));
  return (
    <figure class="timeline">
      <svg width="100%" height={height + 4} role="img" aria-label={`${text.storage.axis}: ${axis.spans.map((s) => spoken(s, axis, text)).join("; ")}`}>
        <defs>
          <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatched" width="7" height="7" /><line class="hatch" x1="0" y1="0" x2="0" y2="7" /></pattern>
        </defs>
        {axis.ahead > 0 && <rect class="future-zone" x={`${now}%`} width={`${100 - now}%`} y={top - 6} height={height - top + 8} />}
        {levels.map((level, i) => (
          <text key={level} class="level" x="2" y={top + i * lane + 8}>{level === 0 ? text.storage.head : text.storage.level(level)}</text>
        ))}
        {axis.spans.map((s) => <Bar key={s.id} span={s} axis={axis} y={top + levels.indexOf(s.level) * lane + 11} />)}
        <line class="now" x1={`${now}%`} x2={`${now}%`} y1={16} y2={height + 2} />
        <text class="now" x={`${now}%`} y="12" text-anchor={now > 90 ? "end" : now < 10 ? "start" : "middle"}>{text.storage.now} {stamp(axis.now).slice(11, 16)}</text>
      </svg>
      <div class="ticks num" aria-hidden="true">
        {ticks(axis, 7, offset).map((t) => <span key={t} class={place(axis, t) > 0.94 ? "last" : ""} style={{ left: `${100 * place(axis, t)}%` }}>{short(t)}</span>)}
      </div>
    </figure>
  );
}

/** A block that reaches over now is drawn in two colours: only what lies beyond is wrong. */
function Bar({ span, axis, y }: { span: Span; axis: Axis; y: number }) {
  const text = useText();
  const from = 100 * place(axis, span.from);
  const to = 100 * place(axis, span.to);
  const cut = isFuture(span, axis.now) ? Math.max(from, 100 * place(axis, axis.now)) : to;
  return (
    <g>
      <title>{spoken(span, axis, text)}</title>
      {cut > from && <rect class={span.level === 0 ? "span head" : "span"} x={`${from}%`} width={`${Math.max(cut - from, 0.3)}%`} y={y} height={lane - 16} rx="2" />}
      {to > cut && <rect class="span future" fill="url(#hatch)" x={`${cut}%`} width={`${Math.max(to - cut, 0.3)}%`} y={y} height={lane - 16} rx="2" />}
    </g>
  );
}

function spoken(s: Span, axis: Axis, text: ReturnType<typeof useText>): string {
  const name = s.level === 0 ? text.storage.head : `${text.storage.block} ${s.id}`;
  const size = s.samples === undefined ? "" : `, ${count(s.samples)} ${text.storage.samples}`;
  const future = isFuture(s, axis.now) ? `, ${duration(Math.round(s.to - axis.now))} ${text.storage.inFuture}` : "";
  return `${name}: ${stamp(s.from)} – ${stamp(s.to)}${size}${future}`;
}
