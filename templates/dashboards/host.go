package dashboards

// What both dashboards of hosts ask. A CPU is busy when it neither idles nor waits for a disk; a file system counts when
// something can be written to it.
const (
	noDisk     = "this host has no file system of its own (a container)"
	noTimex    = "the kernel's clock cannot be read here (a container)"
	nodeScope  = `job="node_exporter"`
	busyCPU    = `1 - avg by (instance) (sum by (instance, cpu) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[$__rate_interval])))`
	usedMemory = `1 - node_memory_MemAvailable_bytes{} / node_memory_MemTotal_bytes{}`
	realFS     = `{fstype!~"ramfs|squashfs|iso9660|tmpfs|overlay", mountpoint!~"/run/.*"}`
	usedFS     = `(1 - node_filesystem_avail_bytes` + realFS + ` / (node_filesystem_size_bytes` + realFS + ` > 0)) and (node_filesystem_readonly` + realFS + ` == 0)`
	uptime     = `node_time_seconds{} - node_boot_time_seconds{}`
	clockAhead = `node_time_seconds{} - timestamp(node_time_seconds{})`
	realDisk   = `{device!~"(loop|ram|zram|sr|fd)[0-9]+"}`
	realNet    = `{device!~"lo|(veth|ifb|docker|br-|cali|cni|flannel|virbr|tap).*"}`
)

// fleet answers: is anything wrong, and where. It has no choices to make.
func fleet() Board {
	return Board{
		File: "node_exporter/dashboards/fleet.json", UID: "monctl-fleet", Title: "Fleet", Scope: nodeScope,
		About: "All hosts at a glance: what is down, what fires, which host is the busiest. Click a host for its own page.",
		Rows: []Row{
			{Height: 4, Panels: []Panel{
				stat("Hosts up", "none", see("Hosts whose node_exporter answered the last scrape.", "HostDown"), ask(`sum(up{})`, "")),
				stat("Hosts down", "none", see("A host that is down has no other figures on this page.", "HostDown"), ask(`count(up{} == 0) or vector(0)`, "")).from("", "1"),
				stat("Alerts firing", "none", "Alerts that Prometheus has sent or is about to send. They are listed below.", askAll(`count(ALERTS{alertstate="firing"}) or vector(0)`)).from("1", ""),
				stat("Busiest CPU", "", "The host whose processors did the most in the last minute.", ask(`max(`+busyCPU+`)`, "")).share().from("0.8", "0.95"),
				stat("Fullest memory", "", see("The host with the least memory available for new work.", "MemoryLow"), ask(`max(`+usedMemory+`)`, "")).share().from("0.8", "0.9"),
				stat("Fullest file system", "", see("The file system with the smallest share of free space on any host.", "DiskFull"), ask(`max(`+usedFS+`)`, "")).share().from("0.85", "0.95").otherwise(noDisk),
			}},
			{Height: 10, Panels: []Panel{table("Hosts", "One line for each host. A click on its name opens its page.",
				[]Column{
					{Title: "Host", Label: "instance", Link: "/d/monctl-node?var-instance=${__value.raw}&${__url_time_range}"},
					{Title: "State", Words: upOrDown},
					{Title: "Cores", Unit: "none"},
					{Title: "CPU", Unit: "percentunit", Warn: "0.8", Alarm: "0.95"},
					{Title: "Memory", Unit: "percentunit", Warn: "0.8", Alarm: "0.9"},
					{Title: "of", Unit: "bytes"},
					{Title: "Fullest file system", Unit: "percentunit", Warn: "0.85", Alarm: "0.95"},
					{Title: "Up for", Unit: "s"},
					{Title: "Clock difference", Unit: "s"},
				},
				ask(`max by (instance) (up{})`, ""),
				ask(`count by (instance) (node_cpu_seconds_total{mode="idle"})`, ""),
				ask(busyCPU, ""),
				ask(`max by (instance) (`+usedMemory+`)`, ""),
				ask(`max by (instance) (node_memory_MemTotal_bytes{})`, ""),
				ask(`max by (instance) (`+usedFS+`)`, ""),
				ask(`max by (instance) (`+uptime+`)`, ""),
				ask(`max by (instance) (`+clockAhead+`)`, ""),
			)}},
			{Height: 6, Panels: []Panel{{
				Kind: "table", Title: "Firing alerts", About: "What each alert means and what to do is in docs/runbooks.md.", Empty: "no alert is firing",
				Columns: []Column{
					{Title: "Alert", Label: "alertname", Link: "https://github.com/monctl/monctl/blob/main/docs/runbooks.md"},
					{Title: "Severity", Label: "severity"},
					{Title: "Host", Label: "instance"},
					{Title: "Job", Label: "job"},
				},
				Queries: []Query{askAll(`max by (alertname, severity, instance, job) (ALERTS{alertstate="firing"})`)},
			}}},
			{Title: "Over time", Panels: []Panel{
				graph("CPU", "", "Share of all processors of a host that is busy.", ask(busyCPU, "{{instance}}")).share(),
				graph("Memory", "", see("Share of the memory that is not available for new work.", "MemoryLow"), ask(usedMemory, "{{instance}}")).share(),
			}},
			{Panels: []Panel{
				graph("Fullest file system", "", see("The fullest one of each host.", "DiskWillFill"), ask(`max by (instance) (`+usedFS+`)`, "{{instance}}")).share().otherwise(noDisk),
				graph("Network", "bps", "Sent and received by all network cards of a host.",
					ask(`8 * sum by (instance) (rate(node_network_receive_bytes_total`+realNet+`[$__rate_interval]) + rate(node_network_transmit_bytes_total`+realNet+`[$__rate_interval]))`, "{{instance}}")).zero(),
			}},
		},
	}
}

// host follows the USE method: for each resource how much of it is used, whether something waits for it, what fails.
func host() Board {
	return Board{
		File: "node_exporter/dashboards/node.json", UID: "monctl-node", Title: "Host", Scope: nodeScope + `, instance="$instance"`,
		About:     "One host: for each resource how much is used, what waits for it, and what fails.",
		Variables: []Variable{{Name: "instance", Label: "Host", Source: metrics, Query: `label_values(node_uname_info{job="node_exporter"}, instance)`}},
		Rows: []Row{
			{Height: 4, Panels: []Panel{
				stat("State", "none", see("Whether node_exporter answered the last scrape.", "HostDown"), ask(`up{}`, "")).words(upOrDown).wantsOne(),
				stat("Up for", "s", "Time since the host was started.", ask(uptime, "")),
				stat("CPU", "", "Share of all processors that is busy.", ask(busyCPU, "")).share().from("0.8", "0.95"),
				stat("Memory", "", see("Share of the memory that is not available for new work.", "MemoryLow"), ask(usedMemory, "")).share().from("0.8", "0.9"),
				stat("Fullest file system", "", see("The file system with the smallest share of free space.", "DiskFull"), ask(`max(`+usedFS+`)`, "")).share().from("0.85", "0.95").otherwise(noDisk),
				stat("Clock difference", "s", see("The host's clock against that of the Prometheus host.", "ClockSkew"), ask(`abs(`+clockAhead+`)`, "")).from("1", "5"),
			}},
			processors(), memory(), fileSystems(), disks(), network(), clockAndFiles(),
		},
	}
}

func processors() Row {
	return Row{Title: "Processors", Panels: []Panel{
		stacked("CPU by mode", "", "What the processors do. Much iowait means that disks are slow, steal that the hypervisor gives the time to others.",
			ask(`sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[$__rate_interval])) / scalar(count(node_cpu_seconds_total{mode="idle"}))`, "{{mode}}")).share(),
		graph("Load", "short", "Processes that run or wait to, against the number of cores. Above it something waits.",
			ask(`node_load1{}`, "1 minute"), ask(`node_load5{}`, "5 minutes"), ask(`count(node_cpu_seconds_total{mode="idle"})`, "cores")).zero(),
		graph("Pressure", "", "Share of the time in which something had to wait for the resource (PSI).",
			ask(`rate(node_pressure_cpu_waiting_seconds_total{}[$__rate_interval])`, "cpu"),
			ask(`rate(node_pressure_memory_waiting_seconds_total{}[$__rate_interval])`, "memory"),
			ask(`rate(node_pressure_io_waiting_seconds_total{}[$__rate_interval])`, "disks")).ratio().otherwise("this kernel does not measure pressure (psi=1)"),
	}}
}

func memory() Row {
	return Row{Title: "Memory", Panels: []Panel{
		stacked("Memory", "bytes", "What is available can be used at once: caches are given up when memory is wanted.",
			ask(`node_memory_MemTotal_bytes{} - node_memory_MemAvailable_bytes{}`, "used"),
			ask(`node_memory_MemAvailable_bytes{} - node_memory_MemFree_bytes{}`, "caches"),
			ask(`node_memory_MemFree_bytes{}`, "free")),
		graph("Swapped", "ops", "Pages moved between memory and swap each second. A steady flow means that memory is too small.",
			ask(`rate(node_vmstat_pswpin{}[$__rate_interval])`, "in"), ask(`rate(node_vmstat_pswpout{}[$__rate_interval])`, "out")).zero(),
		graph("Processes killed for memory", "none", "The kernel ended a process because no memory was left: journalctl -k says which.",
			ask(`increase(node_vmstat_oom_kill{}[$__rate_interval])`, "killed")).zero(),
	}}
}

func fileSystems() Row {
	return Row{Title: "File systems", Panels: []Panel{
		graph("Used", "", see("Share of each file system that is used.", "DiskFull"), ask(usedFS, "{{mountpoint}}")).share().otherwise(noDisk),
		table("File systems", "Sizes now. Space that only root may use does not count as free.",
			[]Column{
				{Title: "Mounted at", Label: "mountpoint"},
				{Title: "Device", Label: "device"},
				{Title: "Size", Unit: "bytes"},
				{Title: "Free", Unit: "bytes"},
				{Title: "Used", Unit: "percentunit", Warn: "0.85", Alarm: "0.95"},
				{Title: "Inodes used", Unit: "percentunit", Warn: "0.85", Alarm: "0.95"},
			},
			ask(`max by (mountpoint, device) (node_filesystem_size_bytes`+realFS+`)`, ""),
			ask(`max by (mountpoint, device) (node_filesystem_avail_bytes`+realFS+`)`, ""),
			ask(`max by (mountpoint, device) (`+usedFS+`)`, ""),
			ask(`max by (mountpoint, device) (1 - node_filesystem_files_free`+realFS+` / (node_filesystem_files`+realFS+` > 0))`, "")).otherwise(noDisk),
	}}
}

func disks() Row {
	return Row{Title: "Disks", Panels: []Panel{
		graph("Throughput", "Bps", "Bytes read and written each second.",
			ask(`rate(node_disk_read_bytes_total`+realDisk+`[$__rate_interval])`, "{{device}} read"),
			ask(`rate(node_disk_written_bytes_total`+realDisk+`[$__rate_interval])`, "{{device}} written")).zero(),
		graph("Busy", "", "Share of the time in which the disk had work. A disk that does many things at once may be at 100 % and still have room.",
			ask(`rate(node_disk_io_time_seconds_total`+realDisk+`[$__rate_interval])`, "{{device}}")).share(),
		graph("Time of an operation", "s", "How long a read or a write took on average, waiting included.",
			ask(`rate(node_disk_read_time_seconds_total`+realDisk+`[$__rate_interval]) / (rate(node_disk_reads_completed_total`+realDisk+`[$__rate_interval]) > 0)`, "{{device}} read"),
			ask(`rate(node_disk_write_time_seconds_total`+realDisk+`[$__rate_interval]) / (rate(node_disk_writes_completed_total`+realDisk+`[$__rate_interval]) > 0)`, "{{device}} written")).zero().otherwise("the disks were idle"),
	}}
}

func network() Row {
	return Row{Title: "Network", Panels: []Panel{
		graph("Traffic", "bps", "Bits each second on every network card.",
			ask(`8 * rate(node_network_receive_bytes_total`+realNet+`[$__rate_interval])`, "{{device}} in"),
			ask(`8 * rate(node_network_transmit_bytes_total`+realNet+`[$__rate_interval])`, "{{device}} out")).zero(),
		graph("Errors and drops", "pps", "Packets that were damaged or thrown away.",
			ask(`rate(node_network_receive_errs_total`+realNet+`[$__rate_interval]) + rate(node_network_receive_drop_total`+realNet+`[$__rate_interval])`, "{{device}} in"),
			ask(`rate(node_network_transmit_errs_total`+realNet+`[$__rate_interval]) + rate(node_network_transmit_drop_total`+realNet+`[$__rate_interval])`, "{{device}} out")).zero(),
		graph("TCP segments sent again", "", "Share of the segments that got lost on the way. Some in a thousand are normal on the internet, not in one rack.",
			ask(`rate(node_netstat_Tcp_RetransSegs{}[$__rate_interval]) / (rate(node_netstat_Tcp_OutSegs{}[$__rate_interval]) > 0)`, "sent again")).ratio(),
	}}
}

func clockAndFiles() Row {
	return Row{Title: "Clock and files", Panels: []Panel{
		graph("Clock difference", "s", see("The host's clock against that of the Prometheus host, at the time of the scrape.", "ClockSkew"), ask(clockAhead, "to Prometheus"), ask(`node_timex_offset_seconds{}`, "to its time service")).otherwise(noTimex),
		stat("Clock synchronised", "none", see("Whether the kernel says that a time service keeps the clock.", "ClockNotSynchronised"), ask(`node_timex_sync_status{}`, "")).
			words(map[string]Word{"1": {"yes", "green"}, "0": {"no", "yellow"}}).wantsOne().wide(4).otherwise(noTimex),
		graph("Open files", "", "Share of the files that the kernel allows to be open at once.", ask(`node_filefd_allocated{} / node_filefd_maximum{}`, "open")).share(),
	}}
}
