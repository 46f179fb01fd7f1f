package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/monctl/monctl/fleet/fault"
)

// Progress is told the bytes that are there and the bytes there will be, -1 when the server does not say.
type Progress func(done, total int64)

// ErrDiskFull is part of the error of a download that found no space.
var ErrDiskFull = errors.New("no space left on this machine")

// Download fetches an address into the file part, going on where an earlier download of the same content was
// cut. What part holds after an error stays for the next run. The caller verifies the content: a part that
// turns out wrong must be removed by it. More than limit bytes are refused.
func (c *Client) Download(ctx context.Context, address, part string, limit int64, progress Progress) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	err := c.try(ctx, func() (bool, error) {
		before := size(part)
		err := c.fetch(ctx, address, part, limit, progress)
		return size(part)-before >= keepGoing, err
	})
	return explain(DiskFull(err))
}

// origin is what is noted beside a part: where it comes from and the server's name for that content.
type origin struct{ URL, ETag string }

func (c *Client) fetch(ctx context.Context, address, part string, limit int64, progress Progress) error {
	have := size(part)
	a, err := c.ask(ctx, c.HTTP, http.MethodGet, address, resume(address, part, have))
	if err != nil {
		return err
	}
	defer a.close()
	switch a.StatusCode {
	case http.StatusOK:
		have = 0
	case http.StatusPartialContent:
		if from, _, err := contentRange(a.Header.Get("Content-Range")); err != nil || from != have {
			return restart(part, fmt.Errorf("%s: answered another part of the file than asked for", a.address))
		}
	case http.StatusRequestedRangeNotSatisfiable:
		if _, total, err := contentRange(a.Header.Get("Content-Range")); err == nil && total == have {
			return nil // cut after the last byte
		}
		return restart(part, fmt.Errorf("%s: cannot go on at byte %d", a.address, have))
	default:
		return a.status()
	}
	total := int64(-1)
	if a.ContentLength >= 0 {
		total = have + a.ContentLength
	}
	if total > limit {
		return final{fmt.Errorf("%s: is %d bytes, more than the limit of %d", a.address, total, limit)}
	}
	note(part, origin{URL: address, ETag: a.Header.Get("ETag")})
	return receive(a, part, have, total, limit, progress)
}

// resume gives the headers that ask for the rest of a file. Without a strong ETag of the same address the rest
// is asked for all the same: the caller's checksum tells whether it fits.
func resume(address, part string, have int64) http.Header {
	h := http.Header{}
	if have == 0 {
		return h
	}
	h.Set("Range", fmt.Sprintf("bytes=%d-", have))
	var o origin
	if data, err := os.ReadFile(part + ".from"); err == nil && json.Unmarshal(data, &o) == nil &&
		o.URL == address && strings.HasPrefix(o.ETag, `"`) {
		h.Set("If-Range", o.ETag)
	}
	return h
}

// note is best effort: without it the next run only lacks the If-Range header.
func note(part string, o origin) {
	if data, err := json.Marshal(o); err == nil {
		_ = os.WriteFile(part+".from", data, 0o600)
	}
}

// restart empties the part, so that the next try begins anew.
func restart(part string, why error) error {
	if err := os.Truncate(part, 0); err != nil {
		return final{errors.Join(why, err)}
	}
	return why
}

func receive(a *answer, part string, have, total, limit int64, progress Progress) error {
	out, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return final{err}
	}
	defer out.Close()
	if err := errors.Join(out.Truncate(have), seek(out, have)); err != nil {
		return final{err}
	}
	buf := make([]byte, 128<<10)
	for done := have; ; {
		n, readErr := fill(a, buf)
		if done == 0 && isPage(buf[:n]) {
			return final{fmt.Errorf("%s: is a web page, not a file", a.address)}
		}
		if done+int64(n) > limit {
			return final{fmt.Errorf("%s: is more than the limit of %d bytes", a.address, limit)}
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return final{err}
		}
		done += int64(n)
		progress(done, total)
		switch {
		case readErr == io.EOF:
			return out.Close()
		case readErr != nil:
			return fmt.Errorf("%s: cut after %d bytes: %w", a.address, done, readErr)
		}
	}
}

// fill reads until there is enough to recognise a web page, or an error; io.EOF is the end of a whole body.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < 512 && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

func seek(f *os.File, at int64) error {
	_, err := f.Seek(at, io.SeekStart)
	return err
}

// DiskFull makes an error that says so an ErrDiskFull with a remedy, and leaves others alone.
func DiskFull(err error) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	return fault.With(fmt.Errorf("%w: %w", ErrDiskFull, err), "Free some space, or point XDG_CACHE_HOME at a larger disk.")
}

// contentRange reads "bytes 5-9/10" and "bytes */10"; from and total are -1 when unsaid.
func contentRange(h string) (from, total int64, err error) {
	span, length, found := strings.Cut(strings.TrimPrefix(h, "bytes "), "/")
	if !found || !strings.HasPrefix(h, "bytes ") {
		return 0, 0, fmt.Errorf("content-range: %q", h)
	}
	from, total = -1, -1
	if length != "*" {
		if total, err = strconv.ParseInt(length, 10, 64); err != nil {
			return 0, 0, err
		}
	}
	if span != "*" {
		first, _, _ := strings.Cut(span, "-")
		if from, err = strconv.ParseInt(first, 10, 64); err != nil {
			return 0, 0, err
		}
	}
	return from, total, nil
}

func size(path string) int64 {
	if info, err := os.Stat(path); err == nil {
		return info.Size()
	}
	return 0
}
