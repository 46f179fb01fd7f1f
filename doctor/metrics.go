package doctor

import (
	"strconv"
	"strings"
)

// Samples are the lines of a /metrics page: the name with its labels as written, to the value. When a series comes
// twice, the last counts.
type Samples map[string]float64

// ParseMetrics reads the text exposition format. It leaves out what it does not understand; nil means that not one line
// was a sample: the page is no metrics page.
func ParseMetrics(page string) Samples {
	var s Samples
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		end := strings.LastIndexByte(line, '}') + 1
		if end == 0 {
			end = strings.IndexByte(line, ' ')
		}
		if end <= 0 {
			continue
		}
		w := strings.Fields(line[end:])
		if len(w) == 0 || len(w) > 2 {
			continue
		}
		v, err := strconv.ParseFloat(w[0], 64)
		if err != nil {
			continue
		}
		if s == nil {
			s = Samples{}
		}
		s[line[:end]] = v
	}
	return s
}

// Sum adds up all series of a name, whatever their labels; false when there is none.
func (s Samples) Sum(name string) (sum float64, ok bool) {
	for series, v := range s {
		if series == name || strings.HasPrefix(series, name+"{") {
			sum, ok = sum+v, true
		}
	}
	return sum, ok
}
