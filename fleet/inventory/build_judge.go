package inventory

import (
	"net/url"
	"slices"
	"strings"
)

func (b *builder) invalid(t text, path string, err error) {
	if strings.HasPrefix(t.shown, "{") {
		b.fail(t.pos, path, "the value of %s is not valid here", t.shown)
		return
	}
	b.fail(t.pos, path, "%v", err)
}

func (b *builder) oneOf(path string, t text, words ...string) {
	if t.Value != "" && !slices.Contains(words, t.Value) {
		b.fail(t.pos, path, "want %s, have %s%s", strings.Join(words, " or "), t.shown, Suggest(t.Value, words))
	}
}

func (b *builder) inRange(path string, n number, lowest, highest int) {
	if n.Value < lowest || n.Value > highest {
		b.fail(n.pos, path, "want a whole number from %d to %d, have %d", lowest, highest, n.Value)
	}
}

func (b *builder) url(path string, t text) string {
	if t.Value == "" {
		return ""
	}
	u, err := url.Parse(t.Value)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		b.fail(t.pos, path, "want a URL such as https://mirror.example/path")
	}
	return strings.TrimRight(t.Value, "/")
}
