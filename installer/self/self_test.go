package self_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/local"
	"github.com/monctl/monctl/fleet/ssh"
	"github.com/monctl/monctl/installer/self"
	"github.com/monctl/monctl/templates"
)

// Programs of this module, built once: the real monctl for this machine, and a small one (of the same module and
// version) for others.
var native, arm, arm7 string

const here = templates.Arch(runtime.GOARCH)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "monctl-self-")
	if err != nil {
		panic(err)
	}
	native, arm, arm7 = filepath.Join(dir, "own", "monctl"), filepath.Join(dir, "arm64"), filepath.Join(dir, "armv7")
	for _, b := range []struct{ out, goarch, pkg string }{{native, runtime.GOARCH, "cmd/monctl"}, {arm, "arm64", "lab/mirror/broken"}, {arm7, "arm", "lab/mirror/broken"}} {
		build := exec.Command("go", "build", "-buildvcs=false", "-o", b.out, "github.com/monctl/monctl/"+b.pkg)
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+b.goarch)
		if out, err := build.CombinedOutput(); err != nil {
			panic(string(out))
		}
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func programs(t *testing.T) self.Programs {
	return self.Programs{Own: native, Cache: t.TempDir()}
}

func TestFind(t *testing.T) {
	folder := t.TempDir()
	must(t, os.Link(arm, filepath.Join(folder, "monctl-linux-arm64")))
	archives := t.TempDir()
	packed(t, filepath.Join(archives, "monctl_1.2.0_linux_arm64.tar.gz"), arm)
	text := filepath.Join(folder, "text")
	must(t, os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755))
	with := func(change func(*self.Programs)) self.Programs {
		p := programs(t)
		change(&p)
		return p
	}
	given := func(path string) self.Programs {
		return with(func(p *self.Programs) { p.Given = map[templates.Arch]string{templates.ARM64: path} })
	}
	for name, c := range map[string]struct {
		programs self.Programs
		arch     templates.Arch
		is       string // a file with the same content
		fails    string
	}{
		"own":            {programs(t), here, native, ""},
		"given":          {given(arm), templates.ARM64, arm, ""},
		"beside":         {with(func(p *self.Programs) { p.Folders = []string{folder} }), templates.ARM64, arm, ""},
		"release beside": {with(func(p *self.Programs) { p.Folders = []string{archives} }), templates.ARM64, arm, ""},
		"none":           {programs(t), templates.ARM64, "", "there is no monctl for this machine: linux/arm64"},
		"none at all":    {programs(t), "", "", "there is no monctl for this machine"},
		"other machine":  {given(arm7), templates.ARM64, "", "is not a program for linux/arm64, but for armv7"},
		"no program":     {given(text), templates.ARM64, "", "is not a program for linux/arm64"},
		"not there":      {given(folder + "/missing"), templates.ARM64, "", "is not a program for linux/arm64"},
		"not monctl":     {with(func(p *self.Programs) { p.Given = map[templates.Arch]string{here: "/bin/sh"} }), here, "", "is not a monctl"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := c.programs.For(c.arch)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) || fault.Remedy(err) == "" {
					t.Fatalf("got %v with remedy %q, want %q with one", err, fault.Remedy(err), c.fails)
				}
				return
			}
			must(t, err)
			got, want := read(t, p.Path), read(t, c.is)
			if !bytes.Equal(got, want) || p.Size != int64(len(want)) || p.Arch != c.arch || len(p.SHA256) != 64 {
				t.Errorf("got %+v, want the content of %s", p, c.is)
			}
		})
	}
	if _, err := programs(t).For(templates.ARM64); !errors.Is(err, self.ErrNone) {
		t.Errorf("got %v", err)
	}
}

// TestOtherVersion: two versions may not understand each other.
func TestOtherVersion(t *testing.T) {
	other := filepath.Join(t.TempDir(), "monctl")
	text := read(t, native)
	version := []byte("mod\tgithub.com/monctl/monctl\t(devel)")
	if !bytes.Contains(text, version) {
		t.Skip("the toolchain wrote another version than (devel)")
	}
	must(t, os.WriteFile(other, bytes.ReplaceAll(text, version, []byte("mod\tgithub.com/monctl/monctl\t(DEVEL)")), 0o755))
	p := programs(t)
	p.Given = map[templates.Arch]string{here: other}
	if _, err := p.For(here); err == nil || !strings.Contains(err.Error(), "is monctl (DEVEL), and this is (devel)") {
		t.Errorf("got %v", err)
	}
}

func TestParseGiven(t *testing.T) {
	got, err := self.ParseGiven([]string{"linux/arm64=a", "linux/amd64=b=c"})
	must(t, err)
	if diff := cmp.Diff(map[templates.Arch]string{templates.ARM64: "a", templates.AMD64: "b=c"}, got); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range []string{"", "arm64=a", "linux/arm64", "linux/arm64=", "darwin/arm64=a", "linux/mips=a", "linux/any=a"} {
		if _, err := self.ParseGiven([]string{wrong}); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
}

func eachConn(t *testing.T, test func(t *testing.T, conn fleet.Conn)) {
	t.Run("local", func(t *testing.T) {
		conn, err := local.Open(t.Context(), fleet.SudoNever, local.Options{})
		must(t, err)
		defer conn.Close()
		test(t, conn)
	})
	t.Run("ssh", func(t *testing.T) {
		s := fleettest.Start(t, fleettest.Options{})
		test(t, dial(t, s))
	})
}

func dial(t *testing.T, s *fleettest.Server) fleet.Conn {
	t.Helper()
	conn, err := ssh.Dial(t.Context(), s.Host(), ssh.Options{Auth: ssh.NewAuth(nil), KnownHosts: []string{s.KnownHosts()}, ConfigFiles: []string{os.DevNull}})
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestSend(t *testing.T) {
	program, err := programs(t).For(here)
	must(t, err)
	eachConn(t, func(t *testing.T, conn fleet.Conn) {
		base := t.TempDir()
		folder := filepath.Join(base, "bin")
		send := func() (path string, sent int64) {
			t.Helper()
			path, err := program.Send(t.Context(), conn, "vm", folder, func(n, _ int64) { sent = n })
			must(t, err)
			return path, sent
		}
		path, sent := send()
		if sent == 0 || path != filepath.Join(folder, program.SHA256, "monctl") || !bytes.Equal(read(t, path), read(t, native)) {
			t.Fatalf("%s does not hold what was sent (%d bytes)", path, sent)
		}
		if info, _ := os.Stat(folder); info.Mode().Perm() != 0o700 {
			t.Errorf("others may look into it: %v", info.Mode())
		}
		if _, sent := send(); sent != 0 {
			t.Errorf("sent %d bytes again", sent)
		}
		must(t, os.WriteFile(path, append(read(t, path), 0), 0o700)) // damaged there
		if _, sent := send(); sent == 0 || !bytes.Equal(read(t, path), read(t, native)) {
			t.Error("what was damaged there was left")
		}
		older := []string{strings.Repeat("a", 64), strings.Repeat("b", 64)}
		for _, name := range older {
			must(t, os.Mkdir(filepath.Join(folder, name), 0o700))
		}
		must(t, os.Remove(path))
		send()
		if left, _ := os.ReadDir(folder); len(left) != 2 {
			t.Errorf("%d programs are kept, want the two newest", len(left))
		}
		must(t, self.Remove(t.Context(), conn, folder))
		if _, err := os.Stat(folder); err == nil {
			t.Error("it is still there")
		}
	})
}

// TestWrongMachine has the host refuse what this machine let pass.
func TestWrongMachine(t *testing.T) {
	program, err := programs(t).For(here)
	must(t, err)
	program.Arch = map[templates.Arch]templates.Arch{templates.AMD64: templates.ARM64, templates.ARM64: templates.AMD64}[here]
	conn := dial(t, fleettest.Start(t, fleettest.Options{}))
	folder := filepath.Join(t.TempDir(), "bin")
	if _, err := program.Send(t.Context(), conn, "vm", folder, nil); err == nil || !strings.Contains(err.Error(), "it is for another machine: ELF machine") {
		t.Errorf("got %v", err)
	}
	nothing(t, folder)
}

// TestDoesNotStart has a program that is whole and cannot be started there.
func TestDoesNotStart(t *testing.T) {
	program, err := self.Programs{Own: native, Cache: t.TempDir(), Given: map[templates.Arch]string{templates.ARM64: arm}}.For(templates.ARM64)
	must(t, err)
	conn := dial(t, fleettest.Start(t, fleettest.Options{}))
	folder := filepath.Join(t.TempDir(), "bin")
	// The small program for arm64 is not for this machine, and where an emulator runs it, it ends at once with an error.
	if _, err := program.Send(t.Context(), conn, "vm", folder, nil); here == templates.AMD64 && (err == nil || !strings.Contains(err.Error(), "it does not start")) {
		t.Errorf("got %v", err)
	}
	nothing(t, folder)
}

// TestCut: a link that is cut at any moment leaves nothing that could be started.
func TestCut(t *testing.T) {
	program, err := programs(t).For(here)
	must(t, err)
	payload, err := program.Pack()
	must(t, err)
	for _, part := range []int64{8, 3, 2} {
		s := fleettest.Start(t, fleettest.Options{})
		conn := dial(t, s)
		folder := filepath.Join(t.TempDir(), "bin")
		s.CutAfter(payload.Size * (part - 1) / part)
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := program.Send(ctx, conn, "vm", folder, nil); err == nil {
			t.Error("the cut was not noticed")
		}
		cancel()
		nothing(t, folder)
	}
}

// nothing wants no program in a folder of the host.
func nothing(t *testing.T, folder string) {
	t.Helper()
	if found, _ := filepath.Glob(filepath.Join(folder, "[0-9a-f]*")); len(found) > 0 {
		t.Errorf("there is %v", found)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return text
}

// packed makes a release archive as goreleaser does: other files, and the program.
func packed(t *testing.T, to, program string) {
	t.Helper()
	f, err := os.Create(to)
	must(t, err)
	zipped := gzip.NewWriter(f)
	w := tar.NewWriter(zipped)
	for _, m := range []struct {
		name string
		text []byte
	}{{"README.md", []byte("read me")}, {"monctl", read(t, program)}} {
		must(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: m.name, Mode: 0o755, Size: int64(len(m.text))}))
		_, err := w.Write(m.text)
		must(t, err)
	}
	must(t, errors.Join(w.Close(), zipped.Close(), f.Close()))
}
