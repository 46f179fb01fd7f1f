package clock

import (
	"context"
	_ "embed" // the remote loop
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Script is the POSIX sh program at the other end of an Exchange. It reads the clock once per line that it is sent, and
// ends at a line that is not empty. It changes nothing.
//
//go:embed exchange.sh
var Script string

// Watch is this machine's clock, read once and then followed by the monotonic clock: a step of this machine's clock in
// the middle of a measurement does not disturb it. Offsets are only comparable when they come from one Watch.
type Watch struct{ began time.Time }

// NewWatch reads this machine's clock.
func NewWatch() Watch { return Watch{time.Now()} }

// Now is the time by this Watch.
func (w Watch) Now() time.Time { return w.began.Add(time.Since(w.began)) }

// Began is when the Watch was started.
func (w Watch) Began() time.Time { return w.began }

// The limits of an exchange. A clock that is read to the whole second needs a little more than a second of
// questions, to see one second pass into the next.
const (
	enough     = 16                      // samples of a fine clock
	few        = 3                       // samples at least: a moment without a processor must not be all that is known
	fineFor    = 700 * time.Millisecond  // at most
	coarseFor  = 1050 * time.Millisecond // at most
	goodEnough = 10 * time.Millisecond   // bound at which a coarse clock is known well enough
	// patience is for one answer, from sending a line to hearing the time. It ends a dead conversation.
	patience = 5 * time.Second
	// pause between questions to a coarse clock, so that the remote date does not eat a processor.
	pause = time.Millisecond
)

// Exchange asks a clock over a pair of streams: it writes lines with Talk and is given the answers with Hear, from
// two goroutines, as fleet.Cmd wants it.
type Exchange struct {
	watch  Watch
	heard  chan heard
	reader string
	taken  []Sample
	err    error
}

type heard struct {
	line string
	at   time.Time
}

// Sample is one question and its answer: the remote clock was read at some moment between Sent and Received, and showed
// a time within [Time, Time+Unit].
type Sample struct {
	Sent, Received time.Time // this machine's Watch
	Time           time.Time // the remote clock
	Unit           time.Duration
}

// NewExchange makes an Exchange by a Watch.
func NewExchange(w Watch) *Exchange {
	return &Exchange{watch: w, heard: make(chan heard, 4)}
}

// Hear takes a line of the remote loop; it notes the time first.
func (x *Exchange) Hear(line string) {
	at := x.watch.Now()
	select {
	case x.heard <- heard{line, at}:
	default: // a host that says more than it was asked
	}
}

// Talk asks until enough is known. It returns nil also when the answers are useless: Reading says why.
func (x *Exchange) Talk(ctx context.Context, say io.Writer) error {
	first, err := x.listen(ctx)
	if err != nil {
		x.err = err
		return nil
	}
	reader, ok := strings.CutPrefix(first.line, "reader ")
	if !ok {
		x.err = fmt.Errorf("the host answers %q instead of a clock", cut(first.line))
		return nil
	}
	x.reader = reader
	began := x.watch.Now()
	for !x.satisfied(x.watch.Now().Sub(began)) {
		s, err := x.ask(ctx, say)
		if err != nil {
			x.err = err
			return nil
		}
		x.taken = append(x.taken, s)
		if s.Unit >= time.Second {
			time.Sleep(pause)
		}
	}
	return nil
}

func (x *Exchange) ask(ctx context.Context, say io.Writer) (Sample, error) {
	s := Sample{Sent: x.watch.Now()}
	if _, err := io.WriteString(say, "\n"); err != nil {
		return s, err
	}
	answer, err := x.listen(ctx)
	if err != nil {
		return s, err
	}
	s.Received = answer.at
	s.Time, s.Unit, err = parseTime(answer.line)
	return s, err
}

func (x *Exchange) listen(ctx context.Context) (heard, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case h := <-x.heard:
		return h, nil
	case <-ctx.Done():
		select { // what it said with its last breath
		case h := <-x.heard:
			return h, nil
		default:
			return heard{}, errors.New("the clock's reader on the host ended early")
		}
	case <-late.C:
		return heard{}, fmt.Errorf("no answer within %v", patience)
	}
}

// satisfied says that more samples would not tell more, or would take too long.
func (x *Exchange) satisfied(after time.Duration) bool {
	n := len(x.taken)
	if n == 0 {
		return false
	}
	if x.taken[n-1].Unit < time.Second {
		return n >= enough || n >= few && after > fineFor
	}
	if after > coarseFor {
		return true
	}
	r := Read(x.taken)
	return r.Known && r.Offset.Bound() <= goodEnough
}

// Reading is the result. One that is neither known nor has an error never began.
func (x *Exchange) Reading() Reading {
	r := Read(x.taken)
	r.Reader = x.reader
	if !r.Known && r.Err == "" && x.err != nil {
		r.Err = x.err.Error()
	}
	return r
}

// parseTime reads "1700000000.123456789", "1700000000.123456", and "1700000000", "1700000000." or "1700000000.%N" of a date
// that knows no fractions.
func parseTime(text string) (time.Time, time.Duration, error) {
	whole, fraction, _ := strings.Cut(strings.TrimSpace(text), ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < 0 || seconds > lastSecond {
		return time.Time{}, 0, fmt.Errorf("the host answers %q instead of the time", cut(text))
	}
	n, err := strconv.ParseUint(fraction, 10, 32)
	if err != nil || len(fraction) == 0 || len(fraction) > 9 {
		return time.Unix(seconds, 0), time.Second, nil
	}
	unit := time.Duration(math.Pow10(9 - len(fraction)))
	return time.Unix(seconds, int64(n)*int64(unit)), unit, nil
}

// lastSecond is in the year 9998, so that a host's time can be written as JSON in any zone.
const lastSecond = 253_370_000_000

func cut(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
