package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/release/archive"
	"github.com/monctl/monctl/installer/release/cache"
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/monctl/monctl/installer/release/web"
	"github.com/monctl/monctl/templates"
)

// Store turns a resolved release into payloads. It is safe for use by several goroutines.
type Store struct {
	Cache  *cache.Cache
	Limits archive.Limits // zero for archive.DefaultLimits
}

// Payload downloads the file for a machine unless it is in the cache, verifies its sum, looks inside and returns
// what to stream to the hosts. What was found inside is remembered, so that a second run only hashes the file.
// progress is not called for a file that is in the cache.
func (s *Store) Payload(ctx context.Context, c Component, rel Release, arch templates.Arch, progress web.Progress) (Payload, error) {
	p, err := s.payload(ctx, c, rel, arch, progress)
	if err != nil {
		return Payload{}, fmt.Errorf("%s %s: %s: %w", c.Name, rel.Version, rel.Files[arch].Name, err)
	}
	return p, nil
}

func (s *Store) payload(ctx context.Context, c Component, rel Release, arch templates.Arch, progress web.Progress) (Payload, error) {
	f, ok := rel.Files[arch]
	if !ok {
		return Payload{}, fmt.Errorf("the release was not resolved for %s", arch)
	}
	path, err := s.Cache.Get(ctx, f.From, f.SHA256, progress)
	if err != nil {
		return Payload{}, explain(c, rel, arch, f, err)
	}
	want := archive.Want{
		Format: c.Spec.Format, Arch: arch, Binaries: c.Spec.Binaries,
		Member: c.Spec.MemberName(rel.Version, rel.Build, arch),
	}
	note := reportName(f.SHA256, want)
	if p, ok := s.remembered(note, f, path); ok {
		p.Binaries = want.Binaries
		return p, nil
	}
	p, err := s.open(ctx, f, path, want)
	if err != nil {
		return Payload{}, err
	}
	data, err := json.Marshal(report{SHA256: p.SHA256, Strip: p.Strip})
	if err != nil {
		return Payload{}, err
	}
	return p, s.Cache.SetReport(note, data)
}

// report is what is remembered of an inspected file.
type report struct {
	SHA256 string `json:"sha256"` // of the payload
	Strip  int    `json:"strip"`
}

// inspectorVersion changes when archive.Inspect begins to refuse more, so that what older ones let pass is
// looked at again.
const inspectorVersion = 1

func reportName(sum string, want archive.Want) string {
	key := sha256.Sum256(fmt.Appendf(nil, "%d %q", inspectorVersion, want))
	return sum + "-" + hex.EncodeToString(key[:8])
}

func (s *Store) remembered(note string, f File, path string) (Payload, bool) {
	data, ok := s.Cache.Report(note)
	var r report
	if !ok || json.Unmarshal(data, &r) != nil || len(r.SHA256) != 64 {
		return Payload{}, false
	}
	if r.SHA256 != f.SHA256 {
		if path, ok = s.Cache.Find(r.SHA256); !ok {
			return Payload{}, false
		}
	}
	p, err := newPayload(path, r.SHA256, r.Strip, nil)
	return p, err == nil
}

func (s *Store) open(ctx context.Context, f File, path string, want archive.Want) (Payload, error) {
	limits := s.Limits
	if limits == (archive.Limits{}) {
		limits = archive.DefaultLimits
	}
	layout, err := archive.Inspect(ctx, path, want, limits)
	if err != nil {
		return Payload{}, err
	}
	if layout.Plain {
		return newPayload(path, f.SHA256, layout.Strip, want.Binaries)
	}
	sum, err := s.Cache.Add(func(w io.Writer) error {
		return archive.Repack(ctx, w, path, want, layout)
	})
	if err != nil {
		return Payload{}, fmt.Errorf("repack as tar.gz: %w", err)
	}
	path, ok := s.Cache.Find(sum)
	if !ok {
		return Payload{}, fmt.Errorf("repack as tar.gz: the result is gone from the cache")
	}
	return newPayload(path, sum, 0, want.Binaries)
}

func newPayload(path, sum string, strip int, binaries []string) (Payload, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Payload{}, err
	}
	return Payload{Path: path, Size: info.Size(), SHA256: sum, Strip: strip, Binaries: binaries}, nil
}

// explain adds to a download's error what the release knows: who said the sum, and which versions exist.
func explain(c Component, rel Release, arch templates.Arch, f File, err error) error {
	var mismatch *cache.MismatchError
	if errors.As(err, &mismatch) {
		who := fmt.Sprintf("%d independent sources", f.Sources)
		switch {
		case f.Sources == 1:
			who = "one source in the catalogue"
		case f.Locked:
			who = lock.Name
		case f.Sources == 0:
			who = "upstream's own checksum file"
		}
		remedy := "The file was thrown away; the sum it must have is stated by %s. Another file is served than was released: look at what is between here and upstream, or choose another version."
		if f.From != f.URL {
			remedy += " A mirror that rebuilds its archives needs their sums in a releases.tsv of your own `catalog:` folder."
		}
		return fault.Refuse(fmt.Errorf("%s: %w", redacted(f.From), err), remedy, who)
	}
	return missing(c, rel.Version, arch, f.From != f.URL, err)
}
