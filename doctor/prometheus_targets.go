package doctor

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// target is one of /api/v1/targets.
type target struct {
	Labels     map[string]string
	Discovered map[string]string `json:"discoveredLabels"`
	Pool       string            `json:"scrapePool"`
	URL        string            `json:"scrapeUrl"`
	LastError  string            `json:"lastError"`
	LastScrape time.Time         `json:"lastScrape"`
	Took       float64           `json:"lastScrapeDuration"` // seconds
	Health     string            // "up", "down", "unknown"
	Interval   string            `json:"scrapeInterval"` // "15s", since 2.28
	Timeout    string            `json:"scrapeTimeout"`
}

type targetList struct {
	Active  []target       `json:"activeTargets"`
	Dropped map[string]int `json:"droppedTargetCounts"` // by job, since 2.48
}

func (s server) targets() (targetList, error) {
	list, err := answer[targetList](s, askTargets)
	if err == nil && list.Active == nil {
		err = errors.New("/api/v1/targets: the answer has no activeTargets")
	}
	return list, err
}

// address is the "host:port" that Prometheus connects to.
func (t target) address() string {
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" {
		return t.Labels["instance"]
	}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), map[bool]string{true: "443", false: "80"}[u.Scheme == "https"])
	}
	return u.Host
}

func (t target) hostname() string {
	host, _, err := net.SplitHostPort(t.address())
	if err != nil {
		return t.address()
	}
	return host
}

func (t target) port() string {
	_, port, _ := net.SplitHostPort(t.address())
	return port
}

func (t target) name() string { return t.Labels["job"] + "/" + t.Labels["instance"] }

func (t target) key() TargetKey { return TargetKey{t.pool(), t.URL} }

func (t target) interval() time.Duration { return duration(t.Interval) }

// self finds the target by which a Prometheus scrapes itself.
func (s server) self() (target, bool) {
	list, err := s.targets()
	if err != nil {
		return target{}, false
	}
	i := slices.IndexFunc(list.Active, func(t target) bool {
		return s.Host.answersTo(t.hostname()) && slices.ContainsFunc(s.Listen, func(a netip.AddrPort) bool { return portOf(a) == t.port() })
	})
	if i < 0 {
		return target{}, false
	}
	return list.Active[i], true
}

// answersTo says that a name or address, used on the host itself, means the host.
func (h Host) answersTo(name string) bool { return isLoopback(name) || h.isCalled(name) }

// isCalled says that a name or address means the host wherever it is used.
func (h Host) isCalled(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" || isLoopback(name) {
		return false
	}
	address, err := netip.ParseAddr(name)
	return slices.Contains([]string{strings.ToLower(h.Name), h.Address, h.ScrapeAddress, strings.ToLower(h.Facts.Hostname)}, name) ||
		err == nil && slices.Contains(h.Facts.Addresses, address.Unmap())
}

func isLoopback(name string) bool {
	address, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && address.IsLoopback()
}

func portOf(a netip.AddrPort) string {
	_, port, _ := net.SplitHostPort(a.String())
	return port
}

// host finds the examined host that a target of this server is on.
func (s server) host(t target) (Host, bool) {
	if s.Host.answersTo(t.hostname()) {
		return s.Host, true
	}
	i := slices.IndexFunc(s.Fleet.Hosts, func(h Host) bool { return h.isCalled(t.hostname()) })
	if i < 0 {
		return Host{}, false
	}
	return s.Fleet.Hosts[i], true
}

// duration reads Prometheus' way of writing one: "15s", "1h30m", "15d". 0 when it is none.
func duration(text string) time.Duration {
	units := map[string]time.Duration{
		"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
		"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
	}
	total := time.Duration(0)
	for text != "" {
		digits := strings.TrimLeft(text, "0123456789")
		n := text[:len(text)-len(digits)]
		unit := digits[:len(digits)-len(strings.TrimLeft(digits, "abcdefghijklmnopqrstuvwxyz"))]
		if n == "" || units[unit] == 0 {
			return 0
		}
		count := 0
		for _, d := range n {
			count = count*10 + int(d-'0')
		}
		total += time.Duration(count) * units[unit]
		text = digits[len(unit):]
	}
	return total
}
