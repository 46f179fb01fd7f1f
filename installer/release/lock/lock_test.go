package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/templates"
)

func example() File {
	sum := func(digit, arch string, trust Trust) Sum {
		return Sum{URL: "https://example.org/" + arch, SHA256: strings.Repeat(digit, 64), Trust: trust}
	}
	return File{Components: map[string]Entry{
		"prometheus": {Version: "3.15.0", Files: map[templates.Arch]Sum{
			templates.ARM64: sum("2", "arm64", Single), templates.AMD64: sum("1", "amd64", Attested),
		}},
		"grafana": {Version: "13.0.1+security-01", Build: "25720641773", Files: map[templates.Arch]Sum{templates.AMD64: sum("3", "amd64", Upstream)}},
	}}
}

const exampleText = header + `lock: 1
components:
  grafana:
    version: "13.0.1+security-01"
    build: "25720641773"
    files:
      amd64:
        url: "https://example.org/amd64"
        sha256: "3333333333333333333333333333333333333333333333333333333333333333"
        trust: upstream
  prometheus:
    version: "3.15.0"
    files:
      amd64:
        url: "https://example.org/amd64"
        sha256: "1111111111111111111111111111111111111111111111111111111111111111"
        trust: attested
      arm64:
        url: "https://example.org/arm64"
        sha256: "2222222222222222222222222222222222222222222222222222222222222222"
        trust: single
`

func TestText(t *testing.T) {
	if diff := cmp.Diff(exampleText, string(example().Bytes())); diff != "" {
		t.Error(diff)
	}
	got, err := Parse(Name, []byte(exampleText))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), got); diff != "" {
		t.Error(diff)
	}
	if empty, err := Parse(Name, File{}.Bytes()); err != nil || len(empty.Components) != 0 {
		t.Errorf("an empty lock: %v, %v", empty, err)
	}
}

func TestParseIsStrict(t *testing.T) {
	replace := func(old, with string) string {
		if !strings.Contains(exampleText, old) {
			t.Fatalf("nothing to replace: %s", old)
		}
		return strings.Replace(exampleText, old, with, 1)
	}
	tests := []struct{ name, text, want, excerpt string }{
		{"empty", "", "is empty", ""},
		{"cut", exampleText[:len(exampleText)-18], "trust", ""},
		{"no format", "components: {}\n", "lock: format 0", ""},
		{"later format", replace("lock: 1", "lock: 2"), "lock: format 2", ""},
		{"unknown key", replace("    build:", "    biuld:"), "biuld", "biuld: \"25720641773\""},
		{"key twice", replace("    build: \"25720641773\"", "    version: \"1.0.0\""), "version", ">"},
		{"version", replace(`"3.15.0"`, `"newest"`), `"newest" is not a semantic version`, `> 1`},
		{"build", replace(`"25720641773"`, `"x"`), "build", ">"},
		{"arch", replace("arm64:\n", "sparc:\n"), `"sparc" is none of`, ">"},
		{"sum", replace(strings.Repeat("1", 64), "11"), "is not 64 lower-case hex digits", `sha256: "11"`},
		{"url", replace("https://example.org/arm64", "file:///etc/passwd"), "is not an http(s) URL", "file:///etc/passwd"},
		{"trust", replace("trust: single", "trust: me"), `"me" is none of`, "trust: me"},
		{"name", replace("  prometheus:", "  ../x:"), "is not a component name", ">"},
		{"no files", "lock: 1\ncomponents:\n  x:\n    version: 1.0.0\n", "files: is missing", ""},
		{"not yaml", "{{{", Name, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(Name, []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.excerpt) {
				t.Fatalf("got %v, want %q and %q", err, tt.want, tt.excerpt)
			}
			if fault.KindOf(err) != fault.Usage || fault.Remedy(err) == "" {
				t.Errorf("kind %v, remedy %q", fault.KindOf(err), fault.Remedy(err))
			}
		})
	}
}

func TestSetKeepsOtherMachines(t *testing.T) {
	f := example()
	amd64 := map[templates.Arch]Sum{templates.AMD64: f.Components["prometheus"].Files[templates.AMD64]}
	f.Set("prometheus", Entry{Version: "3.15.0", Files: amd64})
	if len(f.Components["prometheus"].Files) != 2 {
		t.Error("the same version: arm64 was forgotten")
	}
	f.Set("prometheus", Entry{Version: "3.16.0", Files: amd64})
	if len(f.Components["prometheus"].Files) != 1 {
		t.Error("another version: arm64 was kept")
	}
	var none File
	none.Set("x", Entry{Version: "1.0.0", Files: amd64})
	if len(none.Components) != 1 {
		t.Error("the empty file took no entry")
	}
}

func TestUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), Name)
	set := func(f *File) error { *f = example(); return nil }
	if err := Update(context.Background(), path, set); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if before.Mode().Perm() != 0o644 {
		t.Errorf("mode %o", before.Mode().Perm())
	}
	if err := Update(context.Background(), path, set); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.Stat(path); !os.SameFile(before, after) {
		t.Error("was written again without a change")
	}
	refused := errors.New("no")
	err = Update(context.Background(), path, func(f *File) error { f.Components = nil; return refused })
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if got, err := Read(path); err != nil || !cmp.Equal(got, example()) {
		t.Errorf("after a refused change: %v, %v", got, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "."+Name+".[0-9]*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestUpdatesDoNotLoseEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), Name)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := Update(context.Background(), path, func(f *File) error {
				f.Set(fmt.Sprintf("c%d", i), example().Components["grafana"])
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if f, err := Read(path); err != nil || len(f.Components) != 20 {
		t.Errorf("%d entries, %v", len(f.Components), err)
	}
}

func TestUpdateWaitsNoLongerThanItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), Name)
	other := flock.New(filepath.Join(filepath.Dir(path), "."+Name+".guard"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := Update(ctx, path, func(*File) error { t.Error("went on without the guard"); return nil })
	if !errors.Is(err, context.DeadlineExceeded) || fault.Remedy(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestReadOfNothing(t *testing.T) {
	if f, err := Read(filepath.Join(t.TempDir(), Name)); err != nil || len(f.Components) != 0 {
		t.Errorf("got %v, %v", f, err)
	}
	if _, err := Read(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(exampleText))
	f.Add(File{}.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := Parse(Name, data)
		if err != nil {
			return
		}
		again, err := Parse(Name, parsed.Bytes())
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, parsed.Bytes())
		}
		if diff := cmp.Diff(parsed, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
