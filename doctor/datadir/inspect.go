package datadir

import (
	"context"
	"time"
)

// InspectOptions are what the caller knows.
type InspectOptions struct {
	// Truth is what is known of this machine's clock: true time minus it. Without it the inspection judges by the clock itself, and a repair
	// is refused.
	Truth Truth
	// Retention is storage.tsdb.retention.time; 0 when it is not known.
	Retention time.Duration
	// Report is called while it reads; nil is allowed.
	Report func(Progress)
}

// Inspect reads a directory: blocks, logs and chunks of the head, in a stream, at most some 10 MB at a time in memory. It changes
// nothing, also not what it finds damaged, which is in the result and not an error.
func Inspect(ctx context.Context, d Dir, o InspectOptions) (Inspection, error) {
	began := time.Now()
	i := Inspection{Path: d.path, Given: d.given, Kind: d.kind, Mount: d.mount, Missing: d.Missing(), Truth: o.Truth, Clock: At(began), Now: At(began)}
	if o.Truth.Known {
		i.Now = At(began.Add(o.Truth.Offset))
	}
	err := look(ctx, d, o, &i)
	judge(&i)
	i.Took = time.Since(began)
	return i, err
}
