// Package datadir looks at the data directory of one component on the machine where the process runs, decides what is to
// be done with it, and does it without losing a good sample:
//
//	dir, err := Prove(path, ...)            // the only way to get a Dir: what was not proved cannot be named as a target
//	seen, err := Inspect(ctx, dir, ...)     // read only, streams; a value that is printed, sent and judged
//	plan, err := PlanRepair(seen, ...)      // pure; also PlanReset, PlanRestore, PlanBackup, PlanPurge
//	result, err := Execute(ctx, dir, plan)  // journalled, may be interrupted at any point and run again
//
// # What is done to a directory
//
// Nothing is ever changed in place. What shall be there is built in a folder beside the old directory, on the same file
// system; then the old one is renamed aside and the new one into its place. Every operation has a folder of its own:
//
//	/var/lib/prometheus/metrics2            the data directory
//	/var/lib/prometheus/metrics2.monctl/    its store (inside the directory, as .monctl, where that is a mount point)
//	    20261125T164501Z-repair/            an operation, named by its ID
//	        manifest.json                   the plan, the moves, how far it is, what was there: names and sizes
//	        new/                            what is being built; empty of meaning until it is complete
//	        old/                            what was there before, as it was
//
// The manifest is written and synced before anything moves. It lists the moves in order; each is a rename, so what has
// happened is seen from what is there, and a rerun goes on from it. Undo is the same list backwards. Only a purge deletes.
//
// Which files do what: dir.go and prove.go (targets), inspect.go and look_*.go (reading), judge.go (the verdict),
// plan*.go (decisions, pure), execute.go, build_*.go (what goes into new/), moves.go and manifest.go (the journal),
// sums.go (the proof). What is known of formats and of Prometheus' own limits is written at the constant or function that
// uses it.
//
// The package knows nothing of hosts, units or HTTP: stopping and starting, and asking the server whether it ingests
// again, is the caller's.
package datadir
