package ui

import (
	"fmt"
	"io"
	"time"

	"github.com/monctl/monctl/installer"
	"github.com/schollz/progressbar/v3"
)

// Progress shows how far the hosts of one phase are: on a terminal one bar with what is being done now, elsewhere a
// few plain lines.
type Progress struct {
	u     *UI
	hosts map[string]*share
	total int // work units of all hosts
	done  int
	doing string
	said  map[string]bool // plain lines that were printed already

	changed int // hosts that are being proven, of many

	bar   *progressbar.ProgressBar // nil when nothing is drawn
	drawn bool
	stop  chan struct{}
}

// share is one host's part of the work.
type share struct{ steps, transfer, done int }

// Work units: a transfer of releases and the proof take about as long as many small steps.
const (
	transferUnits = 30
	proofUnits    = 8
)

// LookProgress begins to show connecting to and looking at hosts.
func (u *UI) LookProgress(hosts int) *Progress {
	p := u.newProgress()
	p.total = 2 * hosts
	p.start(fmt.Sprintf("connecting to %s", count(hosts, "host")))
	return p
}

// ChangeProgress begins to show the application of plans.
func (u *UI) ChangeProgress(hosts []*installer.Host) *Progress {
	p := u.newProgress()
	for _, h := range hosts {
		if h.Err != nil {
			continue
		}
		s := &share{steps: len(h.Plan.Changes)}
		if hasRelease(h.Plan) {
			s.transfer = transferUnits
		}
		p.hosts[h.Name] = s
		p.total += s.all()
	}
	p.start("starting")
	return p
}

func (s *share) all() int { return s.transfer + s.steps + proofUnits }

func (u *UI) newProgress() *Progress {
	return &Progress{u: u, hosts: map[string]*share{}, said: map[string]bool{}, stop: make(chan struct{})}
}

func (p *Progress) start(doing string) {
	p.doing = doing
	p.u.mu.Lock()
	defer p.u.mu.Unlock()
	p.u.progress = p
	if !p.u.errTTY || p.u.JSON {
		return
	}
	p.bar = progressbar.NewOptions(max(p.total, 1)+1, // never full: what is left to do ends with Close
		progressbar.OptionSetWriter(p.u.err), progressbar.OptionSetWidth(20), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(true),
		progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionUseANSICodes(true), progressbar.OptionThrottle(0),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "━", SaucerHead: "━", SaucerPadding: "─", BarStart: "", BarEnd: ""}))
	p.show()
	go p.tick()
}

// tick redraws once a second, so that the time goes on while nothing happens.
func (p *Progress) tick() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-t.C:
			p.u.mu.Lock()
			p.show()
			p.u.mu.Unlock()
		}
	}
}

// Report takes an event of the installer.
func (p *Progress) Report(e installer.Event) {
	p.u.mu.Lock()
	defer p.u.mu.Unlock()
	p.count(e)
	if line := describe(e); line != "" {
		p.doing = line
	}
	if p.bar != nil {
		p.show()
		return
	}
	p.plain(e)
}

// count adds what an event stands for.
func (p *Progress) count(e installer.Event) {
	s := p.hosts[e.Host]
	if s == nil {
		if e.Doing == "connect" || e.Doing == "look" || e.Finished {
			p.done = min(p.done+1, p.total)
		}
		return
	}
	before := s.done
	switch {
	case e.Finished:
		s.done = s.all()
	case e.Doing == "send" && e.Total > 0:
		s.done = max(s.done, int(int64(s.transfer)*e.Done/e.Total))
	case e.Doing == "prove":
		s.done = max(s.done, s.all()-proofUnits)
	case e.Doing != "connect" && e.Doing != "look" && e.Doing != "send":
		s.done = min(max(s.done, s.transfer)+1, s.all()-proofUnits)
	}
	p.done += s.done - before
}

// show draws the bar; u.mu is held.
func (p *Progress) show() {
	if p == nil || p.bar == nil || p.u.asking {
		return
	}
	p.bar.Describe(fit(p.doing, max(p.u.errWidth-40, 10)))
	_ = p.bar.Set(p.done)
	_ = p.bar.RenderBlank()
	p.drawn = true
}

// hide takes the bar off the screen; u.mu is held.
func (p *Progress) hide() {
	if p == nil || !p.drawn {
		return
	}
	_, _ = io.WriteString(p.u.err, "\r\x1b[2K")
	p.drawn = false
}

// Close takes the bar away for good.
func (p *Progress) Close() {
	p.u.mu.Lock()
	defer p.u.mu.Unlock()
	if p.u.progress != p {
		return
	}
	p.hide()
	p.u.progress = nil
	if p.bar != nil {
		_ = p.bar.Exit()
		p.bar = nil
	}
	close(p.stop)
}
