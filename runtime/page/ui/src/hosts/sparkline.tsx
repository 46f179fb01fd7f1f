// A curve without axes: the shape of the last hour.

const width = 120;
const height = 32;

/** The path of values from bottom (0) to top; null is a gap. A single point is drawn as a short line. */
export function pathOf(values: (number | null)[], top: number): string {
  const dx = width / Math.max(values.length - 1, 1);
  let path = "";
  let open = false;
  values.forEach((value, i) => {
    if (value === null) {
      open = false;
      return;
    }
    const y = height - 1 - Math.min(Math.max(value / top, 0), 1) * (height - 2);
    path += `${open ? "L" : "M"}${(i * dx).toFixed(1)} ${y.toFixed(1)}`;
    if (!open && (values[i + 1] ?? null) === null) path += "h1";
    open = true;
  });
  return path;
}

/** top: the value at the upper edge; left out, the largest of all curves. */
export function Sparkline({ curves, top }: { curves: (number | null)[][]; top?: number }) {
  const upper = top ?? Math.max(...curves.flat().map((v) => v ?? 0), 1);
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="ground" x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} />
      {curves.map((values, i) => <path key={i} class={`curve-${i + 1}`} d={pathOf(values, upper)} />)}
    </svg>
  );
}
