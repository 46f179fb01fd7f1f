// The address of a view: #/targets, #/query?g0.expr=up&…
import { useEffect, useState } from "preact/hooks";

export const views = ["hosts", "query", "targets", "alerts", "storage"] as const;
export type View = (typeof views)[number];

export interface Route {
  view: View;
  params: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const view = views.find((name) => name === path) ?? "hosts";
  return { view, params: new URLSearchParams(query) };
}

export function link(view: View, params?: URLSearchParams | Record<string, string>): string {
  const query = params ? new URLSearchParams(params).toString() : "";
  return query ? `#/${view}?${query}` : `#/${view}`;
}

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return parseRoute(hash);
}
