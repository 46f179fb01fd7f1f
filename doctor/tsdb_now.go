package doctor

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The limits that Prometheus itself uses, and those of the checks.
const (
	// scrapeAhead is how far ahead of its clock a scraped sample may be (scrape.go maxAheadTime).
	scrapeAhead = 10 * time.Minute
	// appendBehind is how far behind the newest sample one may be: half of the head's two hours (head_append.go).
	appendBehind = time.Hour
	// aheadNoise is what an exporter's own time stamps and the seconds of a Date header may make up.
	aheadNoise = time.Minute
)

// newest compares the newest sample of the head with the time.
type newest struct {
	Head       head
	Max        time.Time
	Its, Truth time.Time // Prometheus' clock; true time, zero when nobody knows it
	Ahead      time.Duration
}

// newest asks the head; false when it is empty.
func (s server) newest() (newest, bool, error) {
	h, err := answer[head](s, askTSDB)
	if err == nil && h.Stats.MinTime == 0 && h.Stats.MaxTime == 0 {
		err = errors.New(askTSDB + ": the answer has no headStats") // an empty head has the ends of int64
	}
	if err != nil || h.empty() {
		return newest{}, false, err
	}
	its, truth, err := s.clock(askTSDB)
	max := millis(h.Stats.MaxTime)
	return newest{h, max, its, truth, max.Sub(its)}, err == nil, err
}

// fast is how far Prometheus' clock is ahead of true time; 0 when nobody knows.
func (n newest) fast() time.Duration {
	if n.Truth.IsZero() {
		return 0
	}
	return n.Its.Sub(n.Truth)
}

// tooFar says that the head is too far ahead for samples of now to be taken as usual.
func (s server) tooFar() bool {
	n, ok, err := s.newest()
	return err == nil && ok && n.Ahead > scrapeAhead
}

// now is the host's time when its disks were looked at: true time when it is known, else by its own clock.
func (s server) now() (now time.Time, known bool) {
	c := s.Host.Facts.Clock
	if s.Fleet.Truth.Known && !c.Received.IsZero() {
		return c.Received.Add(s.Fleet.Truth.Offset.Value()).UTC(), true
	}
	return c.Time.UTC(), !c.Time.IsZero()
}

// repair is the command that plans the repair of the data; it shows what it would do before it does it.
func (s server) repair() string { return "monctl data repair " + s.Host.Name + "/" + s.dataName() }

// dataName tells it apart from others of its host, as monctl data does.
func (s server) dataName() string {
	if len(s.Host.Of(s.Kind)) < 2 {
		return s.Kind
	}
	if len(s.Listen) > 0 {
		return s.Kind + ":" + strconv.Itoa(int(s.Listen[0].Port()))
	}
	return s.Name
}

// rejected says how many samples a counter rejected within the last ten minutes, by the counter, or else by what the
// journal says of it. It is not sure when only the sum since the start is known.
func (s server) rejected(counter, text string) (n float64, sure bool, err error) {
	total, err := s.metric(counter)
	if err != nil || total == 0 {
		return 0, err == nil, err
	}
	if by, known := s.rise(counter); known {
		return by, true, nil
	}
	if s.tooFar() {
		return total, true, nil
	}
	lines, known := s.said(text)
	if recent := s.lately(lines, 10*time.Minute); known && len(recent) > 0 {
		return total, true, nil
	}
	return total, known, nil
}

// unsureRejected is the finding for samples that were rejected, nobody knows when.
func unsureRejected(counter string, n float64) []Finding {
	return []Finding{{
		Level: Unknown, Title: "samples were rejected since the start; whether they still are is not known",
		Evidence: []Evidence{Number(counter, n, "1")},
		Cause:    "Prometheus does not store its own metrics, and its log cannot be read, so only the sum since its start is known.",
		Fix:      fmt.Sprintf("read the counter %s twice, a minute apart", counter),
	}}
}

// The texts of scrape.go that go with the counters; the same words since 2.0.
const (
	saysBounds     = "too old or are too far into the future"
	saysOutOfOrder = "ingesting out-of-order samples"
	saysDuplicate  = "different value but same timestamp"
)
