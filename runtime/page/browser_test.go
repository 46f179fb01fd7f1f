package page_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is one tab of a real Chromium. What its console says, what its policy refuses, and every request that leaves
// the origin is a failure of the test.
type browser struct {
	t   *testing.T
	ctx context.Context
	url string

	mu       sync.Mutex
	bad      []string
	expected []string // parts of messages that the test provokes
	always   string   // one that is to be expected in every test
}

var chromiumFlags = []chromedp.ExecAllocatorOption{
	chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
	chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
	chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
	chromedp.Flag("hide-scrollbars", true), chromedp.Flag("force-color-profile", "srgb"),
	chromedp.WSURLReadTimeout(time.Minute),
}

// newBrowser opens a tab at the size of a laptop; language as Accept-Language has it.
func newBrowser(t *testing.T, w *world, language string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not here; make setup installs it")
	}
	profile, err := os.MkdirTemp("", "page-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	options := append([]chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Flag("lang", language), chromedp.Flag("accept-lang", language)}, chromiumFlags...)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	b := &browser{t: t, url: w.url}
	if w.monctl == "" {
		b.always = "/api/monctl/doctor" // 404: a Prometheus has no doctor
	}
	ctx, stop := chromedp.NewContext(allocator, chromedp.WithErrorf(t.Logf), chromedp.WithListener(b.listen))
	b.ctx = ctx
	t.Cleanup(func() {
		stop()
		stopAllocator()
		_ = os.RemoveAll(profile) // Chromium may still be writing its last file
		b.judge()
	})
	// The first run owns the browser, so its context must last.
	if err := chromedp.Do(ctx, command(network.Enable, network.EnableParams{}), command(cdplog.Enable, cdp.Empty{})); err != nil {
		t.Fatal(err)
	}
	b.size(1440, 900)
	return b
}

// command is a command of the DevTools protocol whose answer says nothing.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (b *browser) listen(event any) {
	switch e := event.(type) {
	case *cdpruntime.EventExceptionThrown:
		b.note("exception: " + exception(e.ExceptionDetails))
	case *cdpruntime.EventConsoleAPICalled:
		if e.Type == cdpruntime.ConsoleAPICalledTypeError || e.Type == cdpruntime.ConsoleAPICalledTypeWarning || e.Type == cdpruntime.ConsoleAPICalledTypeAssert {
			for _, arg := range e.Args {
				b.note(fmt.Sprintf("console: %s %s", arg.Value, arg.Description))
			}
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning {
			b.note(fmt.Sprintf("log: %s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, b.url+"/") && !strings.HasPrefix(e.Request.URL, "about:") {
			b.note("request leaves the origin: " + e.Request.URL)
		}
	}
}

func exception(d *cdpruntime.ExceptionDetails) string {
	if d.Exception != nil {
		return d.Text + " " + d.Exception.Description
	}
	return d.Text
}

func (b *browser) note(message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bad = append(b.bad, message)
}

func (b *browser) heard(words string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Contains(strings.ToLower(strings.Join(b.bad, "\n")), words)
}

func (b *browser) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bad = nil
}

// expect lets a message be that holds these words: the test provokes it.
func (b *browser) expect(words string) { b.expected = append(b.expected, words) }

func (b *browser) judge() {
	b.mu.Lock()
	defer b.mu.Unlock()
next:
	for _, message := range b.bad {
		if b.always != "" && strings.Contains(message, b.always) {
			continue
		}
		for _, words := range b.expected {
			if strings.Contains(message, words) {
				continue next
			}
		}
		b.t.Errorf("the browser: %s", message)
	}
	b.bad, b.expected = nil, nil
}

func (b *browser) run(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.seen())
	}
}

// seen is the text of the page, for a failure.
func (b *browser) seen() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body?.innerText ?? ""`))
	if err != nil {
		return err.Error()
	}
	return "the page says:\n" + text
}

// open goes to a view and waits for what must be in it.
func (b *browser) open(hash, selector string) {
	b.t.Helper()
	b.run("open "+hash, chromedp.Navigate("about:blank"), chromedp.Navigate(b.url+"/"+hash))
	b.shows(selector)
}

// shows waits until an element is there.
func (b *browser) shows(selector string) {
	b.t.Helper()
	b.holds(fmt.Sprintf("document.querySelector(%q) !== null", selector))
}

// says waits until the page's main part holds the words.
func (b *browser) says(words string) {
	b.t.Helper()
	b.holds(fmt.Sprintf("document.querySelector('main')?.innerText.includes(%q)", words))
}

// holds waits until an expression is true; one that fails, as for want of an element, is not.
func (b *browser) holds(js string) {
	b.t.Helper()
	for deadline := time.Now().Add(45 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if value[bool](b, "(() => { try { return Boolean("+js+") } catch { return false } })()") {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("never true: %s\n%s", js, b.seen())
		}
	}
}

// value evaluates an expression.
func value[T any](b *browser, js string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js))
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", js, err, b.seen())
	}
	return v
}

// size sets the viewport in CSS pixels.
func (b *browser) size(width, height int64) {
	b.t.Helper()
	b.run("resize", chromedp.EmulateViewport(width, height))
}

func (b *browser) dark(on bool) {
	b.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	b.run("colour scheme", command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}))
}

// picture keeps a screenshot of the viewport in pictures().
func (b *browser) picture(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	dir := pictures(b.t)
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// pictures is where screenshots are kept to be looked at: MONCTL_PICTURES, or monctl-tools/pictures in the user's cache.
func pictures(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MONCTL_PICTURES")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(cache, "monctl-tools", "pictures")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
