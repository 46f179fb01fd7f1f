package doctor

import (
	"context"
	"sync"

	"github.com/monctl/monctl/fleet"
)

// Samples are the parsed lines of a /metrics page: name with its labels as written, to the last value.
type Samples map[string]float64

// MaxBody bounds what is kept of an HTTP answer. A longer one is an error: half an answer is none.
const MaxBody = 8 << 20

// Questions asks the components of one host through its connection. Every answer is kept in the Host, and the same
// question is asked once, however many checks ask it. It is safe for use by several goroutines.
type Questions struct {
	mu   sync.Mutex
	host *Host
	conn fleet.Conn
}

// Host is what is known so far. Its maps are not to be touched.
func (q *Questions) Host() Host { return *q.host }

// Get asks a component's API: path "/api/v1/status/tsdb" below its Base. The reply is in its Replies.
func (q *Questions) Get(ctx context.Context, c Component, path string) Reply { return Reply{} }

// Page asks any URL as the host reaches it. The reply is in Host.Pages.
func (q *Questions) Page(ctx context.Context, url string) Reply { return Reply{} }

// Dial tries a TCP connection from the host to host:port. The outcome is in Host.Reached.
func (q *Questions) Dial(ctx context.Context, address string) Reached { return Reached{} }

// Note keeps a fact for Judge in Host.Notes of the check.
func (q *Questions) Note(check, key, value string) {}
