package page_test

import (
	"fmt"
	"testing"
	"time"
)

// Every view at every size, in both languages and both schemes: kept to be looked at, and never wider than the screen.
func TestPictures(t *testing.T) {
	w := newWorld(t)
	w.setBlocks(someBlocks(time.Now()))
	w.ask(t, `rate(node_cpu_seconds_total[1m])`)
	w.ask(t, `ALERTS{alertstate="firing"}`)
	b := newBrowser(t, w, "en-US")
	views := []struct{ name, hash, ready string }{
		{"hosts", "#/hosts", "table.hosts tbody tr"},
		{"query", "#/query?g0.expr=rate(node_cpu_seconds_total%5B1m%5D)&g0.range_input=5m&g1.expr=wave&g1.tab=table", ".legend li, .result td"},
		{"targets", "#/targets", ".card.bad"},
		{"alerts", "#/alerts", ".card.bad"},
		{"storage", "#/storage", ".timeline .span"},
	}
	screens := []struct {
		name          string
		width, height int64
		dark          bool
	}{
		{"laptop", 1440, 900, false}, {"laptop-dark", 1440, 900, true}, {"phone", 390, 844, false}, {"narrow-dark", 320, 640, true}, {"4k", 3840, 2160, false},
	}
	for _, language := range []string{"en", "ko"} {
		if language == "ko" {
			b = newBrowser(t, w, "ko-KR")
		}
		for _, s := range screens {
			b.size(s.width, s.height)
			b.dark(s.dark)
			for _, v := range views {
				b.open(v.hash, v.ready)
				b.holds("document.querySelector('[aria-busy=true], .skeleton') === null")
				if lang := value[string](b, "document.documentElement.lang"); lang != language {
					t.Fatalf("language %q, want %q", lang, language)
				}
				if wide := value[float64](b, "document.documentElement.scrollWidth - innerWidth"); wide > 0 {
					t.Errorf("%s on %s (%s) is %v px wider than the screen: %s", v.name, s.name, language, wide, value[string](b, widest))
				}
				b.picture(fmt.Sprintf("%s-%s-%s", v.name, s.name, language))
			}
		}
	}
}

const widest = `[...document.querySelectorAll("main *, header *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
	.map(e => e.tagName + "." + (e.className.baseVal ?? e.className)).slice(0, 5).join(" ")`

// someBlocks is a stand-in for the answer of a server with two good blocks, a larger one, and one that reaches three days into the future.
func someBlocks(at time.Time) []block {
	hours := func(n float64) int64 { return at.Add(time.Duration(n * float64(time.Hour))).UnixMilli() }
	make := func(from, to float64, level, samples int) block {
		return block{fmt.Sprintf("01K%023d", -int64(from)+100), hours(from), hours(to), map[string]int{"numSamples": samples, "numSeries": 1800, "numChunks": samples / 120}, map[string]int{"level": level}}
	}
	return []block{make(-44, -26, 3, 9_100_000), make(-26, -8, 3, 8_700_000), make(-8, -5, 1, 1_200_000), make(-5, -2, 1, 1_300_000), make(64, 72, 1, 250_000)}
}
