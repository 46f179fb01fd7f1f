import type { Labels } from "../api/types";

/** name{label="value"} as PromQL writes it. */
export function seriesName(labels: Labels): string {
  const { __name__: name = "", ...rest } = labels;
  const inner = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(", ");
  return inner ? `${name}{${inner}}` : name || "{}";
}

export function LabelList({ labels, without = [] }: { labels: Labels; without?: string[] }) {
  return (
    <span class="labels">
      {Object.entries(labels).filter(([name]) => !without.includes(name)).map(([name, value]) => (
        <span key={name} class="label"><span>{name}</span>={value}</span>
      ))}
    </span>
  );
}
