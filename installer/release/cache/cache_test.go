package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/monctl/monctl/installer/release/web"
)

// TestMain makes the test binary a second process that gets one file: GET_FILE is "dir url sum".
func TestMain(m *testing.M) {
	if job := strings.Fields(os.Getenv("GET_FILE")); len(job) == 3 {
		c, err := Open(job[0], web.New())
		if err == nil {
			_, err = c.Get(context.Background(), job[1], job[2], nil)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func open(t testing.TB) *Cache {
	t.Helper()
	client := web.New()
	client.Pause = time.Millisecond
	c, err := Open(t.TempDir(), client)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sumOf(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// source serves one content with ranges and counts the requests.
func source(t testing.TB, body []byte, before http.HandlerFunc) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if before != nil {
			before(w, r)
		}
		http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(body))
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func mustGet(t *testing.T, c *Cache, url string, body []byte) string {
	t.Helper()
	path, err := c.Get(context.Background(), url, sumOf(body), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, body) {
		t.Fatalf("%s differs: %v", path, err)
	}
	return path
}

func TestGetDownloadsOnce(t *testing.T) {
	body := []byte("content")
	url, asked := source(t, body, nil)
	c := open(t)
	path := mustGet(t, c, url, body)
	mustGet(t, c, url, body)
	mustGet(t, reopen(t, c), url, body)
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
	if want := filepath.Join("sha256", sumOf(body)[:2], sumOf(body)); !strings.HasSuffix(path, want) {
		t.Errorf("lies at %s", path)
	}
}

// reopen is what the next process sees.
func reopen(t *testing.T, c *Cache) *Cache {
	t.Helper()
	again, err := Open(c.dir, c.web)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestDamagedFileIsFetchedAgain(t *testing.T) {
	body := []byte("content")
	url, asked := source(t, body, nil)
	for name, damage := range map[string]func(string) error{
		"other bytes": func(p string) error { return os.WriteFile(p, []byte("CONTENT"), 0o600) },
		"truncated":   func(p string) error { return os.Truncate(p, 3) },
		"empty":       func(p string) error { return os.Truncate(p, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			if err := damage(mustGet(t, c, url, body)); err != nil {
				t.Fatal(err)
			}
			before := asked.Load()
			mustGet(t, reopen(t, c), url, body)
			if asked.Load() != before+1 {
				t.Error("was not fetched again")
			}
		})
	}
}

func TestMismatchLeavesNothing(t *testing.T) {
	url, _ := source(t, []byte("something else"), nil)
	c := open(t)
	want := sumOf([]byte("content"))
	_, err := c.Get(context.Background(), url, want, nil)
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) || mismatch.Want != want || mismatch.Got != sumOf([]byte("something else")) {
		t.Fatalf("got %v", err)
	}
	if _, ok := c.Find(want); ok || size(c.part(want)) != 0 {
		t.Error("the wrong content was kept")
	}
}

func TestWrongPartIsForgivenOnce(t *testing.T) {
	body := []byte(strings.Repeat("content", 1000))
	url, asked := source(t, body, nil)
	c := open(t)
	if err := os.WriteFile(c.part(sumOf(body)), []byte("of another file"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustGet(t, c, url, body)
	if asked.Load() != 2 {
		t.Errorf("asked %d times, want the rest and then the whole", asked.Load())
	}
}

func TestInterruptedGetGoesOnLater(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 100_000)
	var first atomic.Bool
	var ranges []string
	url, _ := source(t, body, func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		if first.CompareAndSwap(false, true) {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			w.Write(body[:400_000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	})
	c := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := c.Get(ctx, url, sumOf(body), func(done, _ int64) {
		if done == 400_000 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	mustGet(t, reopen(t, c), url, body)
	if strings.Join(ranges, ";") != ";bytes=400000-" {
		t.Errorf("asked for %q", ranges)
	}
}

func TestTwoProcessesDownloadOnce(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 300_000)
	url, asked := source(t, body, func(http.ResponseWriter, *http.Request) { time.Sleep(200 * time.Millisecond) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), fmt.Sprintf("GET_FILE=%s %s %s", dir, url, sumOf(body)))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestKilledProcessIsTakenOver(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 100_000)
	var ranges []string
	url, asked := source(t, body, func(w http.ResponseWriter, r *http.Request) {
		if ranges = append(ranges, r.Header.Get("Range")); len(ranges) == 1 {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			w.Write(body[:400_000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := open(t)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GET_FILE=%s %s %s", c.dir, url, sumOf(body)))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); size(c.part(sumOf(body))) < 400_000; {
		if time.Now().After(deadline) {
			t.Fatalf("the other process got %d bytes, asked %d times", size(c.part(sumOf(body))), asked.Load())
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
	mustGet(t, c, url, body)
	if len(ranges) != 2 || ranges[1] != "bytes=400000-" {
		t.Errorf("asked for %q", ranges)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	release := make(chan struct{})
	url, asked := source(t, []byte("x"), func(http.ResponseWriter, *http.Request) { <-release })
	c := open(t)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(release)
	wg.Go(func() { c.Get(context.Background(), url, sumOf([]byte("x")), nil) })
	for asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, url, sumOf([]byte("x")), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAddAndReports(t *testing.T) {
	c := open(t)
	sum, err := c.Add(func(w io.Writer) error { _, err := io.WriteString(w, "made here"); return err })
	if err != nil || sum != sumOf([]byte("made here")) {
		t.Fatalf("got %s, %v", sum, err)
	}
	if path, ok := reopen(t, c).Find(sum); !ok || path == "" {
		t.Error("is not found")
	}
	if _, err := c.Add(func(io.Writer) error { return errors.New("no") }); err == nil {
		t.Error("a failed write was kept")
	}
	if left, _ := filepath.Glob(filepath.Join(c.dir, "part", "new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, ok := c.Report("a"); ok {
		t.Error("a report from nowhere")
	}
	if err := c.SetReport("a", []byte("note")); err != nil {
		t.Fatal(err)
	}
	if got, ok := c.Report("a"); !ok || string(got) != "note" {
		t.Errorf("got %q, %v", got, ok)
	}
}

// BenchmarkSum hashes 100 MB, what finding a release in the cache costs once per process.
func BenchmarkSum(b *testing.B) {
	path := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 100<<20), 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(100 << 20)
	for b.Loop() {
		if _, err := Sum(path); err != nil {
			b.Fatal(err)
		}
	}
}
