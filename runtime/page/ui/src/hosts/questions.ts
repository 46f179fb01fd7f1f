// What is asked about hosts: node_exporter's metrics, one answer per instance. All names are those of node_exporter 1.x and of monctl's own collectors.
import type { Target } from "../api/types";
import { parseDuration } from "../format/time";

const disks = 'fstype!~"tmpfs|ramfs|devtmpfs|squashfs|iso9660|erofs|fuse.lxcfs|nsfs|rootfs|autofs|9p", mountpoint!~"/(dev|proc|run|sys|snap|var/lib/docker|var/lib/containers|var/lib/kubelet)(/.*)?"';
const links = 'device!~"lo|veth.*|docker.*|br-.*|cni.*|virbr.*|tap.*|ifb.*"';

export const full = `1 - node_filesystem_avail_bytes{${disks}} / (node_filesystem_size_bytes{${disks}} > 0)`;

/** The questions whose answers are drawn as well as shown; window is a PromQL duration. A key is the column they belong to. */
export function drawn(window: string) {
  return {
    cpu: `1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[${window}]))`,
    memory: "1 - max by (instance) (node_memory_MemAvailable_bytes) / max by (instance) (node_memory_MemTotal_bytes)",
    disk: `max by (instance) (${full})`,
    received: `sum by (instance) (rate(node_network_receive_bytes_total{${links}}[${window}]))`,
    sent: `sum by (instance) (rate(node_network_transmit_bytes_total{${links}}[${window}]))`,
  };
}

export const shown = {
  // A host that fell silent within the hour stays in the list.
  known: "max by (instance, job, nodename, sysname, release, machine) (last_over_time(node_uname_info[1h]))",
  system: "max by (instance, pretty_name) (node_os_info)",
  up: "max by (instance, job) (up)",
  cores: 'count by (instance) (node_cpu_seconds_total{mode="idle"})',
  total: "max by (instance) (node_memory_MemTotal_bytes)",
  fullest: `topk by (instance) (1, max by (instance, mountpoint) (${full}))`,
  free: `max by (instance, mountpoint) (node_filesystem_avail_bytes{${disks}})`,
  uptime: "max by (instance) (node_time_seconds - node_boot_time_seconds)",
  // Against the moment of the scrape on the server's clock: exact to the time a scrape takes.
  clock: "max by (instance) (node_time_seconds - timestamp(node_time_seconds))",
  synced: "min by (instance) (node_timex_sync_status)",
};

export type Drawn = keyof ReturnType<typeof drawn>;
export type Shown = keyof typeof shown;

/** A rate needs two samples, and four scrapes bear a lost one; at least a minute, so that a curve is calm. */
export function rateWindow(targets: Target[]): string {
  const intervals = targets.map((t) => parseDuration(t.scrapeInterval ?? "") ?? 0);
  return `${Math.max(60, Math.ceil(4 * Math.max(0, ...intervals)))}s`;
}
