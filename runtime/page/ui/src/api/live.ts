// Data that is read again and again while somebody looks at it. What is shown stays until the next answer has come.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Failure } from "./client";

export interface Live<T> {
  data?: T;
  /** Why the newest read failed; data is then the last that was had. */
  failure?: Failure;
  /** No answer to the present question yet; data, if any, answers the one before. */
  pending?: boolean;
  refresh: () => void;
}

interface Held<T> {
  key: string;
  data?: T;
  failure?: Failure;
}

const patience = 120_000; // ms after which a read is given up: Prometheus' own query timeout

/**
 * Reads at once, then every `every` ms while the page is visible (0: only once). `key` names the question; while the answer to a new
 * one is on the way the old answer stays where keep says so.
 */
export function useLive<T>(key: string, every: number, load: (signal: AbortSignal) => Promise<T>, keep = false): Live<T> {
  const [held, setHeld] = useState<Held<T>>({ key: "" });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    const owner = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let running = false;
    const run = async () => {
      if (running) return;
      running = true;
      clearTimeout(timer);
      const signal = AbortSignal.any([owner.signal, AbortSignal.timeout(patience)]);
      const answer = await settled(latest.current, signal);
      running = false;
      if (owner.signal.aborted) return;
      setHeld((old) => ({ key, ...(old.key === key && old.data !== undefined && { data: old.data }), ...answer }));
      if (every > 0 && document.visibilityState === "visible") timer = setTimeout(run, every);
    };
    const wake = () => every > 0 && document.visibilityState === "visible" && void run();
    void run();
    document.addEventListener("visibilitychange", wake);
    return () => {
      owner.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [key, every, turn]);

  const refresh = useCallback(() => setTurn((n) => n + 1), []);
  const { data, failure } = held.key === key || keep ? held : ({} as Held<T>);
  return {
    ...(data !== undefined && { data }),
    ...(failure && held.key === key && { failure }),
    pending: held.key !== key,
    refresh,
  };
}

async function settled<T>(load: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<{ data?: T; failure?: Failure }> {
  try {
    return { data: await load(signal) };
  } catch (error) {
    return { failure: error instanceof Failure ? error : new Failure(signal.aborted ? "timeout" : "foreign", String(error)) };
  }
}
