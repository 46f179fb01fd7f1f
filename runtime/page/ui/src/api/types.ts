// The answers of the Prometheus HTTP API v1, as far as the page uses them.
// Shapes: prometheus.io/docs/prometheus/latest/querying/api/

export type Labels = Record<string, string>;

/** Unix seconds, and the value as Prometheus prints it ("NaN", "+Inf", "1.5"). */
export type Point = [number, string];

export interface Histogram {
  count: string;
  sum: string;
  buckets?: [number, string, string, string][];
}

export interface VectorSample {
  metric: Labels;
  value?: Point;
  histogram?: [number, Histogram];
}

export interface MatrixSeries {
  metric: Labels;
  values?: Point[];
  histograms?: [number, Histogram][];
}

export type QueryData =
  | { resultType: "vector"; result: VectorSample[] }
  | { resultType: "matrix"; result: MatrixSeries[] }
  | { resultType: "scalar" | "string"; result: Point };

export interface Target {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  globalUrl: string;
  lastError: string;
  /** RFC 3339; year 1 before the first scrape. */
  lastScrape: string;
  /** Seconds. */
  lastScrapeDuration: number;
  health: "up" | "down" | "unknown";
  /** A Prometheus duration, "15s". */
  scrapeInterval: string;
  scrapeTimeout: string;
}

export interface Targets {
  activeTargets: Target[];
  droppedTargets: { discoveredLabels: Labels }[] | null;
  droppedTargetCounts?: Record<string, number>;
}

export interface Alert {
  labels: Labels;
  annotations: Labels;
  state: "inactive" | "pending" | "firing";
  activeAt?: string;
  value: string;
}

export interface Rule {
  type: "alerting" | "recording";
  name: string;
  query: string;
  health: "ok" | "err" | "unknown";
  lastError?: string;
  lastEvaluation: string;
  evaluationTime: number;
  labels?: Labels;
  /** Alerting rules only, as all below. */
  state?: Alert["state"];
  duration?: number;
  annotations?: Labels;
  alerts?: Alert[];
}

export interface RuleGroup {
  name: string;
  file: string;
  interval: number;
  rules: Rule[];
}

export interface NameCount {
  name: string;
  value: number;
}

export interface TSDBStatus {
  /** Times are Unix milliseconds. */
  headStats: { numSeries: number; numLabelPairs: number; chunkCount: number; minTime: number; maxTime: number };
  seriesCountByMetricName: NameCount[] | null;
  labelValueCountByLabelName: NameCount[] | null;
  memoryInBytesByLabelName: NameCount[] | null;
  seriesCountByLabelValuePair: NameCount[] | null;
}

/** meta.json of a block; times are Unix milliseconds. */
export interface Block {
  ulid: string;
  minTime: number;
  maxTime: number;
  stats: { numSamples?: number; numSeries?: number; numChunks?: number };
  compaction: { level: number };
}

export interface RuntimeInfo {
  startTime: string;
  storageRetention: string;
  reloadConfigSuccess: boolean;
  lastConfigTime: string;
}

/** GET /api/v1/status/walreplay: numbers of segments of the log, the first, the last and the one that is read now. */
export interface Replay {
  min: number;
  max: number;
  current: number;
}

/** GET /api/monctl/doctor: why targets are down. Its words are English. */
export interface DoctorAnswer {
  /** The verdicts are not about what is down now, or are old: a look is on its way. */
  pending: boolean;
  /** When the look began, Unix seconds of the server's clock. */
  at: number;
  /** Why the look told nothing; empty when it did. */
  failed: string;
  /** The machine that was looked at, and the command that tells more there. */
  host: string;
  command: string;
  verdicts: Verdict[];
}

export interface Verdict {
  targets: { pool: string; url: string }[];
  /** Of monctl doctor; empty when none says anything. */
  check: string;
  level: "fail" | "warn" | "note" | "unknown";
  title: string;
  cause: string;
  evidence: { what: string; text: string }[];
  /** A command or a sentence; empty when there is none. */
  fix: string;
}

/** GET /api/monctl/clock. Seconds; ntp is null where no NTP server answered; its offset is true time minus the server's. */
export interface ClockAnswer {
  serverTime: number;
  ntp: { offset: number; bound: number; source: string } | null;
  /** The command that cures data in the future, when there is some. */
  future?: { repair?: string };
}
