import type { Alert, Rule, RuleGroup } from "../api/types";

export interface Active {
  rule: Rule;
  alert: Alert;
}

/** Alerts that fire or are about to: firing first, the newest first. */
export function activeAlerts(groups: RuleGroup[]): Active[] {
  const all = groups.flatMap((g) => g.rules).flatMap((rule) => (rule.alerts ?? []).map((alert) => ({ rule, alert })));
  const rank = (a: Active) => (a.alert.state === "firing" ? 0 : 1);
  return all.filter((a) => a.alert.state !== "inactive").sort((a, b) => rank(a) - rank(b) || (b.alert.activeAt ?? "").localeCompare(a.alert.activeAt ?? ""));
}

/** Order within a group: what fails, what fires, what is pending, then as in the file. */
export function weight(rule: Rule): number {
  if (rule.health === "err") return 0;
  return rule.state === "firing" ? 1 : rule.state === "pending" ? 2 : 3;
}

export function fitsRule(rule: Rule, filter: string): boolean {
  const words = [rule.name, rule.query, ...(rule.alerts ?? []).flatMap((a) => Object.values(a.labels))];
  return words.join(" ").toLowerCase().includes(filter.trim().toLowerCase());
}
