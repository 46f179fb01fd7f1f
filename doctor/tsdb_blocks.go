package doctor

import (
	"errors"
	"fmt"
	"time"
)

var errNoClock = errors.New("the host's clock was not read")

// bounds gives the first and the last moment of some blocks.
func bounds(blocks []block) (low, high time.Time) {
	for _, b := range blocks {
		if low.IsZero() || b.Min.Before(low) {
			low = b.Min
		}
		if b.Max.After(high) {
			high = b.Max
		}
	}
	return low, high
}

// count writes a number with its noun.
func count(n int, singular, plural string) string {
	if n == 1 {
		return "1 " + singular
	}
	return fmt.Sprintf("%d %s", n, plural)
}
