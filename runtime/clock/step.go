package clock

import "time"

// Watch compares a wall clock with a monotonic one.
type Watch struct {
	Wall    func() time.Time     // as the system tells it
	Elapsed func() time.Duration // since some fixed moment, never set

	wall    time.Time
	elapsed time.Duration
}

// Tolerance is what a clock may gain or lose between two looks without being called stepped: slewing changes it by
// 0.05 % at most (adjtime(3)), and a look may be late.
const Tolerance = 500 * time.Millisecond

// Step is how far the wall clock jumped since the last call; 0 when it only ran. The first call remembers.
func (w *Watch) Step() time.Duration {
	wall, elapsed := w.Wall().Round(0), w.Elapsed()
	step := wall.Sub(w.wall) - (elapsed - w.elapsed)
	first := w.wall.IsZero()
	w.wall, w.elapsed = wall, elapsed
	if first || step.Abs() < Tolerance {
		return 0
	}
	return step
}
