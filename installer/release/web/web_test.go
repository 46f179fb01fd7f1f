package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/fault"
)

func testClient() *Client {
	c := New()
	c.Pause, c.Stall = time.Millisecond, 5*time.Second
	return c
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// content is 3 MB without repetition that a wrong offset could hide in.
func content() []byte {
	b := make([]byte, 0, 3<<20)
	for i := 0; len(b) < 3<<20; i++ {
		b = fmt.Appendf(b, "%08d\n", i)
	}
	return b
}

// sendPart sends the first n bytes of a body that claims to be whole, then drops the connection.
func sendPart(w http.ResponseWriter, body []byte, n int) {
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.Write(body[:n])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func download(t *testing.T, c *Client, url, part string) []byte {
	t.Helper()
	if err := c.Download(context.Background(), url, part, 8<<20, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(part)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDownloadResumesWhereItWasCut(t *testing.T) {
	body := content()
	var ranges []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range")+" "+r.Header.Get("If-Range"))
		w.Header().Set("ETag", `"v1"`)
		if len(ranges) == 1 {
			sendPart(w, body, 1<<20)
		}
		http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(body))
	})
	if !bytes.Equal(download(t, testClient(), url, filepath.Join(t.TempDir(), "part")), body) {
		t.Error("the file differs")
	}
	want := []string{" ", fmt.Sprintf(`bytes=%d- "v1"`, 1<<20)}
	if strings.Join(ranges, ";") != strings.Join(want, ";") {
		t.Errorf("asked for %q, want %q", ranges, want)
	}
}

func TestDownloadStartsOver(t *testing.T) {
	body := content()
	tests := []struct {
		name  string
		again http.HandlerFunc
	}{
		{"a server without ranges", func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }},
		{"changed content", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"v2"`)
			http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(body))
		}},
		{"another range than asked for", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.Header().Set("Content-Range", fmt.Sprintf("bytes 5-9/%d", len(body)))
				w.WriteHeader(http.StatusPartialContent)
				w.Write(body[5:10])
				return
			}
			w.Write(body)
		}},
		{"a part longer than the file", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.Header().Set("Content-Range", "bytes */17")
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return
			}
			w.Write(body)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int32
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 1 {
					w.Header().Set("ETag", `"v1"`)
					sendPart(w, []byte(strings.Repeat("old", 1<<20)), 2<<20)
				}
				tt.again(w, r)
			})
			if !bytes.Equal(download(t, testClient(), url, filepath.Join(t.TempDir(), "part")), body) {
				t.Error("the file differs")
			}
		})
	}
}

func TestDownloadOfAWholePart(t *testing.T) {
	body := content()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(body))
	})
	part := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(part, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(download(t, testClient(), url, part), body) {
		t.Error("the file differs")
	}
}

func TestDownloadRefuses(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string
		tries   int32
	}{
		{"a web page", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "\n<!DOCTYPE html><html><body>Sign in</body></html>")
		}, "is a web page", 1},
		{"a short page in pieces", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<ht")
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "ml>no</html>")
		}, "is a web page", 1},
		{"not found", http.NotFound, "404 not found", 1},
		{"forbidden", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, "403 forbidden", 1},
		{"a broken server", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "503 service unavailable (tried 4 times)", 4},
		{"too long, announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9000000")
		}, "more than the limit", 1},
		{"too long, unannounced", func(w http.ResponseWriter, _ *http.Request) {
			for range 9000 {
				w.Write(make([]byte, 1000))
			}
		}, "more than the limit", 1},
		{"a redirect loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }, "redirected 10 times", 10},
		{"cut each time", func(w http.ResponseWriter, _ *http.Request) { sendPart(w, make([]byte, 100), 10) }, "cut after 10 bytes", 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var tries atomic.Int32
			url := serve(t, func(w http.ResponseWriter, r *http.Request) { tries.Add(1); tt.handler(w, r) })
			err := testClient().Download(context.Background(), url, filepath.Join(t.TempDir(), "part"), 8<<20, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if tries.Load() != tt.tries {
				t.Errorf("asked %d times, want %d", tries.Load(), tt.tries)
			}
		})
	}
}

func TestProgressDoesNotCountAsATry(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 6<<20)
	var asked atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var from int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		asked.Add(1)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(body)-1, len(body)))
		w.Header().Set("Content-Length", fmt.Sprint(len(body)-from))
		if from > 0 {
			w.WriteHeader(http.StatusPartialContent)
		}
		w.Write(body[from:min(from+1<<20, len(body))])
	})
	c := testClient()
	c.Attempts = 2
	if !bytes.Equal(download(t, c, url, filepath.Join(t.TempDir(), "part")), body) {
		t.Error("the file differs")
	}
	if asked.Load() < 6 {
		t.Errorf("asked %d times: the server never cut", asked.Load())
	}
}

func TestSilentServerIsGivenUpAndSlowOneIsNot(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	c := testClient()
	c.Stall, c.Attempts = 150*time.Millisecond, 1

	silent := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("some"))
		w.(http.Flusher).Flush()
		<-done
	})
	err := c.Download(context.Background(), silent, filepath.Join(t.TempDir(), "part"), 100, nil)
	if !errors.Is(err, errStalled) || fault.Remedy(err) == "" {
		t.Errorf("silent after the head: got %v", err)
	}
	mute := serve(t, func(http.ResponseWriter, *http.Request) { <-done })
	if _, err := c.Text(context.Background(), mute, 100); !errors.Is(err, errStalled) {
		t.Errorf("silent from the start: got %v", err)
	}

	c.Stall = 2 * time.Second
	slow := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 25 {
			w.Write([]byte("a"))
			w.(http.Flusher).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	})
	if got := download(t, c, slow, filepath.Join(t.TempDir(), "part")); len(got) != 25 {
		t.Errorf("slow: got %d bytes", len(got))
	}
}

func TestCancelKeepsThePart(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5000")
		w.Write(make([]byte, 2000))
		w.(http.Flusher).Flush()
		<-done
	})
	ctx, cancel := context.WithCancel(context.Background())
	part := filepath.Join(t.TempDir(), "part")
	err := testClient().Download(ctx, url, part, 8<<20, func(n, total int64) {
		if total != 5000 {
			t.Errorf("total %d", total)
		}
		if n == 2000 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if size(part) != 2000 {
		t.Errorf("%d bytes kept", size(part))
	}
}

func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a small file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
	body := content()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(body))
	})
	err := testClient().Download(context.Background(), url, filepath.Join(dir, "part"), 8<<20, nil)
	if !errors.Is(err, ErrDiskFull) || !strings.Contains(fault.Remedy(err), "XDG_CACHE_HOME") {
		t.Errorf("got %v", err)
	}
}

func TestServerRecovers(t *testing.T) {
	var asked atomic.Int32
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, "text")
	})
	if got, err := testClient().Text(context.Background(), url, 100); err != nil || string(got) != "text" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := testClient().Text(context.Background(), url, 3); err == nil || !strings.Contains(err.Error(), "larger than 3 bytes") {
		t.Errorf("limit: got %v", err)
	}
}

func TestNoStepDownFromHTTPS(t *testing.T) {
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "text") })
	secure := httptest.NewTLSServer(http.RedirectHandler(plain, http.StatusFound))
	defer secure.Close()
	c := testClient()
	c.HTTP.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	if _, err := c.Text(context.Background(), secure.URL, 100); err == nil || !strings.Contains(err.Error(), "redirected from https to http://") {
		t.Errorf("got %v", err)
	}
}

func TestUnknownCertificateIsRefusedAtOnce(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	_, err := testClient().Text(context.Background(), secure.URL, 100)
	if err == nil || strings.Contains(err.Error(), "tried") {
		t.Errorf("got %v", err)
	}
}

func TestLocation(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/latest" {
			http.Redirect(w, r, "/tag/v1.2.3", http.StatusFound)
		}
	})
	if got, err := testClient().Location(context.Background(), url+"/latest"); err != nil || got != url+"/tag/v1.2.3" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := testClient().Location(context.Background(), url+"/other"); err == nil || !strings.Contains(err.Error(), "instead of a redirect") {
		t.Errorf("got %v", err)
	}
}

func TestPasswordsStayOut(t *testing.T) {
	url := serve(t, http.NotFound)
	secret := strings.Replace(url, "http://", "http://user:hunter2@", 1)
	_, err := testClient().Text(context.Background(), secret, 10)
	_, err2 := testClient().Text(context.Background(), "http://user:hunter2@127.0.0.1:1/", 10)
	for _, err := range []error{err, err2} {
		if err == nil || strings.Contains(err.Error()+fault.Remedy(err), "hunter2") {
			t.Errorf("got %v", err)
		}
	}
}
