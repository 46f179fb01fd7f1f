// Package cache keeps files on this machine under the name of their content: sha256/ab/abcd…. A file gets that
// name only after its content was checked, so what is found there is right or gone. Several processes may use
// one cache. It knows nothing of what the files are.
package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/release/web"
)

// MaxSize is the largest file accepted, in bytes; the largest release known is below 300 MB.
const MaxSize = 2 << 30

// Cache is a folder of verified files. Use Open. It is safe for use by several goroutines and processes.
type Cache struct {
	dir     string
	web     *web.Client
	checked sync.Map // path → stamp: what this process has hashed already
}

type stamp struct {
	size  int64
	mtime time.Time
}

// DefaultDir is $XDG_CACHE_HOME/monctl, or the system's place for caches.
func DefaultDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fault.With(fmt.Errorf("cache: %w", err), "Set XDG_CACHE_HOME to a folder that may be written.")
	}
	return filepath.Join(dir, "monctl"), nil
}

// Open makes the cache's folders where they are missing.
func Open(dir string, client *web.Client) (*Cache, error) {
	for _, sub := range []string{"sha256", "part", "report"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fault.With(fmt.Errorf("cache: %w", err), "Set XDG_CACHE_HOME to a folder that may be written.")
		}
	}
	return &Cache{dir: dir, web: client}, nil
}

// Get returns the path of the file with this sum, downloading it from address when it is not here yet. A download
// that another process has begun is waited for. A content with another sum is refused and thrown away.
func (c *Cache) Get(ctx context.Context, address, sum string, progress web.Progress) (string, error) {
	if path, ok := c.Find(sum); ok {
		return path, nil
	}
	guard := flock.New(c.part(sum) + ".lock")
	defer guard.Close()
	if _, err := guard.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return "", fmt.Errorf("cache: wait for another download of the same file: %w", err)
	}
	if path, ok := c.Find(sum); ok {
		return path, nil
	}
	resumed := size(c.part(sum)) > 0
	path, err := c.download(ctx, address, sum, progress)
	if resumed && errors.As(err, new(*MismatchError)) {
		path, err = c.download(ctx, address, sum, progress) // the old part may have been another file's
	}
	return path, err
}

func (c *Cache) download(ctx context.Context, address, sum string, progress web.Progress) (string, error) {
	part := c.part(sum)
	if err := c.web.Download(ctx, address, part, MaxSize, progress); err != nil {
		return "", err
	}
	got, err := Sum(part)
	if err != nil {
		return "", err
	}
	os.Remove(part + ".from")
	if got != sum {
		os.Remove(part)
		return "", &MismatchError{URL: address, Got: got, Want: sum}
	}
	return c.keep(part, sum)
}

// MismatchError says that an address gave another content than it should.
type MismatchError struct {
	URL       string
	Got, Want string // SHA-256 in hex
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("checksum mismatch: is sha256 %s, must be %s", e.Got, e.Want)
}

// keep gives a verified file its place. The rename is what makes it visible; a file that a power cut damages is
// noticed by Find, so nothing waits for the disk here.
func (c *Cache) keep(from, sum string) (string, error) {
	path := c.path(sum)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.Rename(from, path)
	}
	if err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	c.remember(path)
	return path, nil
}

// Add stores what write writes and returns its sum. Nothing is kept when write fails.
func (c *Cache) Add(write func(io.Writer) error) (sum string, err error) {
	tmp, err := os.CreateTemp(filepath.Join(c.dir, "part"), "new-*")
	if err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone already when it was kept
	hash := sha256.New()
	err = errors.Join(write(io.MultiWriter(tmp, hash)), tmp.Close())
	if err != nil {
		return "", web.DiskFull(err)
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	_, err = c.keep(tmp.Name(), sum)
	return sum, err
}

// Find returns the path of the file with this sum when it is here and still has that content: a file is hashed
// again once per process, since a disk may rot and a person may edit. A damaged one counts as absent.
func (c *Cache) Find(sum string) (string, bool) {
	path := c.path(sum)
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	if known, ok := c.checked.Load(path); ok && known == (stamp{info.Size(), info.ModTime()}) {
		return path, true
	}
	if got, err := Sum(path); err != nil || got != sum {
		return "", false
	}
	c.remember(path)
	return path, true
}

func (c *Cache) remember(path string) {
	if info, err := os.Stat(path); err == nil {
		c.checked.Store(path, stamp{info.Size(), info.ModTime()})
	}
}

func (c *Cache) path(sum string) string { return filepath.Join(c.dir, "sha256", sum[:2], sum) }
func (c *Cache) part(sum string) string { return filepath.Join(c.dir, "part", sum) }

// Sum returns the SHA-256 of a file in hex.
func Sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
