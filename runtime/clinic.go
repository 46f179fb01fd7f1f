package runtime

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// doctorAnswer is GET /api/monctl/doctor.
type doctorAnswer struct {
	// Pending says that the verdicts are not about what is ill now, or are old: ask again in a moment.
	Pending bool    `json:"pending"`
	At      float64 `json:"at"`     // when the look began, seconds since 1970 by the server's clock; 0 when there was none
	Took    float64 `json:"took"`   // seconds
	Failed  string  `json:"failed"` // why the last look told nothing; "" when it did
	Diagnosis
}

// clinic asks the doctor, one look at a time, and keeps what was found for a while.
type clinic struct {
	doctor Doctor
	now    func() time.Time
	asked  chan Complaint // room for one: looking guards it

	mu      sync.Mutex
	looking bool
	kept    doctorAnswer
	of      []TargetKey // what the kept answer is about
	ended   time.Time   // the last look, with its monotonic reading; zero before the first
}

func newClinic(doctor Doctor, now func() time.Time) *clinic {
	c := &clinic{doctor: doctor, now: now, asked: make(chan Complaint, 1)}
	c.kept.Verdicts = []Verdict{}
	return c
}

// ask gives what is known, at once, and has the doctor look where that is not about the targets that are ill now, or is old.
func (c *clinic) ask(about Complaint) doctorAnswer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(about.Targets) == 0 {
		return doctorAnswer{Diagnosis: Diagnosis{Verdicts: []Verdict{}}}
	}
	answer := c.kept
	since := time.Since(c.ended)
	keep := max(lookKept, time.Duration(lookShare*c.kept.Took*float64(time.Second)))
	answer.Pending = c.looking || since > keep || !slices.Equal(c.of, about.Targets)
	if answer.Pending && !c.looking && since > lookPause {
		c.looking = true
		c.asked <- about
	}
	return answer
}

// work looks whenever it was asked for, until the context ends.
func (c *clinic) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case about := <-c.asked:
			c.look(ctx, about)
		}
	}
}

// look has the doctor look once. One that does not come back in time is not waited for, but there is no second look beside it.
func (c *clinic) look(ctx context.Context, about Complaint) {
	limited, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	at, began := c.now(), time.Now()
	done := make(chan doctorAnswer, 1)
	go func() { done <- c.consult(limited, about) }()
	var answer doctorAnswer
	select {
	case answer = <-done:
		done <- answer // over
	case <-limited.Done():
		answer.Failed = fmt.Sprintf("it did not end within %v", lookWithin)
	}
	answer.At, answer.Took = float64(at.UnixMilli())/1e3, time.Since(began).Seconds()
	c.keep(answer, about.Targets)
	select {
	case <-done:
	case <-ctx.Done():
		select {
		case <-done:
		case <-time.After(lookGrace):
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looking, c.ended = false, time.Now()
}

func (c *clinic) keep(answer doctorAnswer, of []TargetKey) {
	if answer.Verdicts == nil {
		answer.Verdicts = []Verdict{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept, c.of = answer, of
}

// consult calls the doctor. One that breaks must not take the monitor with it.
func (c *clinic) consult(ctx context.Context, about Complaint) (answer doctorAnswer) {
	defer func() {
		if r := recover(); r != nil {
			answer = doctorAnswer{Failed: fmt.Sprintf("it broke: %v", r)}
		}
	}()
	found, err := c.doctor(ctx, about)
	if err != nil {
		return doctorAnswer{Failed: err.Error()}
	}
	return doctorAnswer{Diagnosis: found}
}
