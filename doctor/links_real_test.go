package doctor

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRealLinks has a real Prometheus with a target that is up, one where nobody listens, one whose name nobody has, and an
// Alertmanager that is not there.
func TestRealLinks(t *testing.T) {
	closed, gone := freeAddress(t), freeAddress(t)
	r := prometheus(t, 0, `
global: {scrape_interval: 1s, scrape_timeout: 500ms}
alerting: {alertmanagers: [{static_configs: [{targets: ["`+gone+`"]}]}]}
scrape_configs:
- job_name: self
  static_configs: [{targets: ["SELF"]}]
- job_name: closed
  static_configs: [{targets: ["`+closed+`"]}]
- job_name: nameless
  static_configs: [{targets: ["no-such-name.invalid:9100"]}]
`)
	r.scraped()
	checks := reachChecks(nil)
	states := map[string]LinkState{}
	f := r.look(checks)
	for _, l := range f.Links() {
		if l.Host != "" || l.Role == LinkScrape {
			states[string(l.Role)+" "+l.To] = l.State()
		}
	}
	want := map[string]LinkState{
		"alerts " + gone: LinkRefused, "scrape " + r.Address: LinkOK, "scrape " + closed: LinkRefused, "scrape no-such-name.invalid:9100": LinkNoName,
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	if found := Judge(f, checks).Findings; len(found) != 3 {
		t.Errorf("%d findings, want 3: %+v", len(found), found)
	}
}

// TestRealLinksAreNotCausesTwice lets the family scrape name what is wrong with targets: no link of theirs is a cause of its own.
func TestRealLinksAreNotCausesTwice(t *testing.T) {
	r := prometheus(t, 0, `
global: {scrape_interval: 1s, scrape_timeout: 500ms}
scrape_configs:
- job_name: closed
  static_configs: [{targets: ["`+freeAddress(t)+`", "no-such-name.invalid:9100"]}]
`)
	r.scraped()
	checks := append(scrapeChecks(), reachChecks(scrapeChecks())...)
	links := 0
	for _, f := range Judge(r.look(checks), checks).Findings {
		if f.Check != "reach/targets" {
			continue
		}
		links++
		if f.MutedBy == "" {
			t.Errorf("a cause of its own: %+v", f)
		}
	}
	if links != 2 {
		t.Errorf("%d links are broken, want 2", links)
	}
}
