package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/templates"
)

// program is the head of an executable for a machine.
func program(class elf.Class, order elf.Data, kind elf.Type, id elf.Machine) string {
	head := make([]byte, 64)
	copy(head, elf.ELFMAG)
	head[elf.EI_CLASS], head[elf.EI_DATA] = byte(class), byte(order)
	var o binary.ByteOrder = binary.LittleEndian
	if order == elf.ELFDATA2MSB {
		o = binary.BigEndian
	}
	o.PutUint16(head[16:], uint16(kind))
	o.PutUint16(head[18:], uint16(id))
	return string(head)
}

var (
	amd64 = program(elf.ELFCLASS64, elf.ELFDATA2LSB, elf.ET_EXEC, elf.EM_X86_64)
	arm64 = program(elf.ELFCLASS64, elf.ELFDATA2LSB, elf.ET_DYN, elf.EM_AARCH64)
	armv7 = program(elf.ELFCLASS32, elf.ELFDATA2LSB, elf.ET_EXEC, elf.EM_ARM)
)

type member struct {
	tar.Header
	body string
}

func file(name, body string) member {
	return member{tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeReg}, body}
}

func dir(name string) member {
	return member{tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeDir}, ""}
}

func link(name, target string) member {
	return member{tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeSymlink}, ""}
}

func hard(name, target string) member {
	return member{tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeLink}, ""}
}

func tarball(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, m := range members {
		h := m.Header
		h.Size = int64(len(m.body))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, change func(*zip.FileHeader), members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.Name, Method: zip.Deflate}
		h.SetMode(fs.FileMode(m.Mode))
		if m.Typeflag == tar.TypeSymlink {
			h.SetMode(fs.ModeSymlink | 0o777)
			m.body = m.Linkname
		}
		if change != nil {
			change(h)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func store(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantTar() Want {
	return Want{Format: templates.TarGz, Arch: templates.AMD64, Binaries: []string{"prometheus", "promtool"}}
}

func inspect(t testing.TB, data []byte, want Want) (Layout, error) {
	t.Helper()
	return Inspect(context.Background(), store(t, data), want, Limits{Entries: 50, Bytes: 1 << 20})
}

func TestLayouts(t *testing.T) {
	grafana := Want{Format: templates.TarGz, Arch: templates.AMD64, Binaries: []string{"bin/grafana"}}
	tests := []struct {
		name string
		data []byte
		want Want
		out  Layout
	}{
		{"root folder", tarball(t, dir("p-1/"), file("p-1/prometheus", amd64), file("p-1/promtool", amd64), file("p-1/LICENSE", "x")), wantTar(), Layout{1, true}},
		{"root folder without an entry", tarball(t, file("p-1/prometheus", amd64), file("p-1/promtool", amd64)), wantTar(), Layout{1, true}},
		{"no root folder", tarball(t, file("prometheus", amd64), file("promtool", amd64), dir("doc/")), wantTar(), Layout{0, true}},
		{"below a folder", tarball(t, file("grafana-v11/bin/grafana", amd64), file("grafana-v11/conf/x", "")), grafana, Layout{1, true}},
		{"only the folder that is part of the path", tarball(t, file("bin/grafana", amd64)), grafana, Layout{0, true}},
		{"dots in front", tarball(t, dir("./"), dir("./p-1/"), file("./p-1/prometheus", amd64), file("./p-1/promtool", amd64)), wantTar(), Layout{1, false}},
		{"links inside", tarball(t, file("p/prometheus", amd64), file("p/promtool", amd64), link("p/tool", "promtool"), link("p/doc/up", "../prometheus")), wantTar(), Layout{1, true}},
		{"hard link inside", tarball(t, file("p/prometheus", amd64), file("p/promtool", amd64), hard("p/tool", "p/promtool")), wantTar(), Layout{1, false}},
		{"comment of git", tarball(t, member{tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "abc"}}, ""},
			file("p/prometheus", amd64), file("p/promtool", amd64)), wantTar(), Layout{1, true}},
		{"folder named twice", tarball(t, dir("p"), dir("p/"), file("p/prometheus", amd64), file("p/promtool", amd64)), wantTar(), Layout{1, true}},
		{
			"zip", zipped(t, nil, file("loki-linux-amd64", amd64)),
			Want{Format: templates.Zip, Arch: templates.AMD64, Binaries: []string{"loki"}, Member: "loki-linux-amd64"},
			Layout{0, false},
		},
		{"binary", []byte(armv7), Want{Format: templates.Binary, Arch: templates.ARMv7, Binaries: []string{"cadvisor"}}, Layout{0, false}},
		{"jar", zipped(t, nil, file("META-INF/MANIFEST.MF", "x")), Want{Format: templates.Jar, Arch: templates.ARM64, Binaries: []string{"agent.jar"}}, Layout{0, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := inspect(t, tt.data, tt.want)
			if err != nil || got != tt.out {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.out)
			}
		})
	}
}

func TestHostileArchives(t *testing.T) {
	good := []member{file("p/prometheus", amd64), file("p/promtool", amd64)}
	with := func(more ...member) []byte { return tarball(t, append(slices.Clone(good), more...)...) }
	whole := with()
	inner := member{file("p/setuid", "x").Header, "x"}
	inner.Mode = 0o4755
	noise := make([]byte, 300_000)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(noise)
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"parent", with(file("../evil", "x")), `"../evil" points outside`},
		{"parent inside", with(file("p/../../evil", "x")), "points outside"},
		{"parent that stays", with(file("p/x/../y", "x")), "points outside"},
		{"absolute", with(file("/etc/passwd", "x")), "is an absolute path"},
		{"newline", with(file("p/a\nb", "x")), "control character"},
		{"backslash", with(file(`p\..\evil`, "x")), "backslash"},
		{"symlink to the outside", with(link("p/x", "../../etc")), `link "p/x" leads to "../../etc"`},
		{"symlink beside the release folder", with(link("p/x", "../other")), "outside the release folder"},
		{"absolute symlink", with(link("p/x", "/etc/passwd")), "outside the release folder"},
		{"symlink through a name", with(link("p/d", "."), link("p/x", "d/../..")), "outside the release folder"},
		{"symlink through a link and back", with(link("p/d", "."), link("p/x", "d/../prometheus")), "outside the release folder"},
		{"file below a symlink", with(link("p/d", "doc"), file("p/d/evil", "x")), `lies below "p/d", which is not a folder`},
		{"symlink over a folder", with(file("p/d/evil", "x"), link("p/d", "doc")), "appears twice"},
		{"hard link to the outside", with(hard("p/x", "/etc/passwd")), "hard link"},
		{"hard link to a parent", with(hard("p/x", "../x")), "hard link"},
		{"hard link to nothing", with(hard("p/x", "p/none")), "no earlier file"},
		{"hard link to a symlink", with(link("p/l", "promtool"), hard("p/x", "p/l")), "no earlier file"},
		{"link to nowhere", with(link("p/x", "")), "leads nowhere"},
		{"device", with(member{tar.Header{Name: "p/null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}, ""}), "device or another special file"},
		{"pipe", with(member{tar.Header{Name: "p/pipe", Typeflag: tar.TypeFifo}, ""}), "device or another special file"},
		{"other rights", with(inner), "another user's rights"},
		{"name twice", with(file("p/prometheus", "evil")), `"p/prometheus" appears twice`},
		{"name twice, differently written", with(file("./p/prometheus", "evil")), "appears twice"},
		{"too many", with(slices.Repeat([]member{dir("p/d")}, 60)...), "too many members"},
		{"bomb", with(file("p/zeros", strings.Repeat("\x00", 2<<20))), "unpacks to more than is allowed"},
		{"binary missing", tarball(t, file("p/prometheus", amd64), file("p/README", "x")), "has no prometheus, promtool; it has p/README, p/prometheus"},
		{"binaries in two folders", tarball(t, file("a/prometheus", amd64), file("b/promtool", amd64)), "has no prometheus, promtool"},
		{"binary is a link", tarball(t, file("p/prometheus", amd64), link("p/promtool", "prometheus")), "has no prometheus, promtool"},
		{"empty", tarball(t), "is empty"},
		{"other machine", tarball(t, file("p/prometheus", amd64), file("p/promtool", arm64)), "promtool: is built for arm64, the host needs amd64"},
		{"other machine, 32 bit", tarball(t, file("p/prometheus", armv7), file("p/promtool", amd64)), "prometheus: is built for armv7, the host needs amd64"},
		{"unknown machine", tarball(t, file("p/prometheus", program(elf.ELFCLASS64, elf.ELFDATA2MSB, elf.ET_EXEC, elf.EM_S390)), file("p/promtool", amd64)), "is built for EM_S390 (ELFCLASS64)"},
		{"object file", tarball(t, file("p/prometheus", program(elf.ELFCLASS64, elf.ELFDATA2LSB, elf.ET_REL, elf.EM_X86_64)), file("p/promtool", amd64)), "ELF type ET_REL"},
		{"script", tarball(t, file("p/prometheus", "#!/bin/sh\n"), file("p/promtool", amd64)), `is not an executable (it begins with "#!/bin/s")`},
		{"empty binary", tarball(t, file("p/prometheus", ""), file("p/promtool", amd64)), "is not an executable"},
		{"truncated", tarball(t, append(slices.Clone(good), file("p/noise", string(noise)))...)[:200_000], "is truncated"},
		{"truncated at the checksum", whole[:len(whole)-3], "is truncated"},
		{"damaged", append(slices.Clone(whole[:len(whole)-8]), "\x00\x00\x00\x00\x00\x00\x00\x00"...), "is damaged"},
		{"second archive behind the first", append(slices.Clone(whole), whole...), "has content after its end"},
		{"page", []byte("<html>sign in</html>"), `is not a gzip file (it begins with "<h")`},
		{"nothing", nil, "is not a gzip file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := inspect(t, tt.data, wantTar())
			if err == nil || !strings.Contains(err.Error(), tt.want) || fault.KindOf(err) != fault.Refused {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestHostileZips(t *testing.T) {
	want := Want{Format: templates.Zip, Arch: templates.AMD64, Binaries: []string{"loki"}, Member: "loki-linux-amd64"}
	loki := file("loki-linux-amd64", amd64)
	whole := zipped(t, nil, loki)
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"parent", zipped(t, nil, loki, file("../evil", "x")), "points outside"},
		{"symlink", zipped(t, nil, loki, link("x", "../etc")), "outside the release folder"},
		{"absolute symlink", zipped(t, nil, loki, link("x", "/etc")), "outside the release folder"},
		{"name twice", zipped(t, nil, loki, file("loki", "x")), `"loki" appears twice`},
		{"bomb", zipped(t, nil, loki, file("zeros", strings.Repeat("\x00", 2<<20))), "unpacks to more than is allowed"},
		{"encrypted", zipped(t, func(h *zip.FileHeader) { h.Flags |= 1 }, loki), "is encrypted"},
		{"other rights", zipped(t, func(h *zip.FileHeader) { h.SetMode(0o755 | fs.ModeSetuid) }, loki), "another user's rights"},
		{"pipe", zipped(t, func(h *zip.FileHeader) { h.SetMode(0o755 | fs.ModeNamedPipe) }, loki), "special file"},
		{"other machine", zipped(t, nil, file("loki-linux-amd64", arm64)), "loki: is built for arm64, the host needs amd64"},
		{"no binary", zipped(t, nil, file("other", "x")), "has no loki; it has other"},
		{"truncated", whole[:len(whole)-10], "truncated"},
		{"damaged", bytes.Replace(whole, []byte("PK\x01\x02"), []byte("PK\x01\x03"), 1), "zip"},
		{"page", []byte("<html></html>"), "is no zip file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := inspect(t, tt.data, want)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	jar := Want{Format: templates.Jar, Binaries: []string{"agent.jar"}}
	if _, err := inspect(t, []byte("<html></html>"), jar); err == nil || !strings.Contains(err.Error(), "is not a jar") {
		t.Errorf("page as jar: got %v", err)
	}
}

func TestRealPrograms(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	own, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Skipf("not an ELF system: %v", err)
	}
	for arch, m := range machines {
		err := checkELF(bytes.NewReader(data), arch)
		if same := m.id == own.Machine; (err == nil) != same {
			t.Errorf("%s: %v", arch, err)
		}
	}
}

// TestPayloadUnpacksTheSameEverywhere unpacks with this machine's tar what Inspect and Repack promise: the binaries
// lie below the folder, with Strip components dropped.
func TestPayloadUnpacksTheSameEverywhere(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("needs tar")
	}
	tests := []struct {
		name string
		data []byte
		want Want
		out  string
	}{
		{
			"plain", tarball(t, dir("p/"), file("p/prometheus", amd64), file("p/promtool", amd64), link("p/tool", "promtool")), wantTar(),
			"prometheus promtool tool->promtool",
		},
		{
			"dots and hard links", tarball(t, dir("./"), file("./p/prometheus", amd64), file("./p/promtool", amd64), hard("./p/bin/tool", "./p/promtool")), wantTar(),
			"bin/tool->../promtool prometheus promtool",
		},
		{
			"zip", zipped(t, nil, file("loki-linux-amd64", amd64), file("LICENSE", "x")),
			Want{Format: templates.Zip, Arch: templates.AMD64, Binaries: []string{"loki"}, Member: "loki-linux-amd64"},
			"LICENSE loki",
		},
		{
			"zip with a root", zipped(t, nil, file("x/loki", amd64), file("x/a/b", "x")),
			Want{Format: templates.Zip, Arch: templates.AMD64, Binaries: []string{"loki"}},
			"a/b loki",
		},
		{"binary", []byte(amd64), Want{Format: templates.Binary, Arch: templates.AMD64, Binaries: []string{"mimir"}}, "mimir"},
		{"jar", zipped(t, nil, file("META-INF/MANIFEST.MF", "x")), Want{Format: templates.Jar, Binaries: []string{"lib/agent.jar"}}, "lib/agent.jar"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path, strip := payload(t, tt.data, tt.want)
			to := t.TempDir()
			cmd := exec.Command("tar", "-xzf", path, "-C", to, "--no-same-owner", fmt.Sprintf("--strip-components=%d", strip))
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("tar: %v\n%s", err, out)
			}
			if got := listing(t, to); got != tt.out {
				t.Errorf("got %s, want %s", got, tt.out)
			}
		})
	}
}

// payload does what the caller of this package does, twice to see that it gives the same bytes.
func payload(t *testing.T, data []byte, want Want) (path string, strip int) {
	t.Helper()
	path = store(t, data)
	layout, err := Inspect(context.Background(), path, want, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if layout.Plain {
		return path, layout.Strip
	}
	var once, again bytes.Buffer
	for _, b := range []*bytes.Buffer{&once, &again} {
		if err := Repack(context.Background(), b, path, want, layout); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(once.Bytes(), again.Bytes()) {
		t.Error("repacking twice gives two files")
	}
	path = store(t, once.Bytes())
	want.Format, want.Member = templates.TarGz, ""
	if tt, err := Inspect(context.Background(), path, want, DefaultLimits); !strings.Contains(path, ".jar") && err == nil && (tt.Strip != 0 || !tt.Plain) {
		t.Errorf("the repacked file is %+v", tt)
	}
	return path, 0
}

func listing(t *testing.T, root string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if target, err := os.Readlink(path); err == nil {
			name += "->" + target
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func TestInspectEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := store(t, tarball(t, file("p/prometheus", amd64)))
	if _, err := Inspect(ctx, path, wantTar(), DefaultLimits); err == nil || fault.KindOf(err) == fault.Refused {
		t.Errorf("got %v", err)
	}
}

// FuzzInspect feeds the inside of a tar.gz, or a zip: whatever is accepted must survive repacking.
func FuzzInspect(f *testing.F) {
	raw := func(members ...member) []byte {
		z, err := gzip.NewReader(bytes.NewReader(tarball(f, members...)))
		if err != nil {
			f.Fatal(err)
		}
		data, err := io.ReadAll(z)
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	f.Add(raw(dir("p/"), file("p/prometheus", amd64), file("p/promtool", amd64), link("p/x", "promtool"), hard("p/y", "p/promtool")), false)
	f.Add(raw(file("./prometheus", amd64), file("promtool", amd64), link("a/x", "../promtool")), false)
	f.Add(raw(file("../p", "x")), false)
	f.Add(zipped(f, nil, file("p/prometheus", amd64), file("p/promtool", amd64), link("p/x", "promtool")), true)
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, data []byte, isZip bool) {
		want := wantTar()
		if isZip {
			want.Format = templates.Zip
		} else {
			var b bytes.Buffer
			z, _ := gzip.NewWriterLevel(&b, gzip.NoCompression)
			z.Write(data)
			z.Close()
			data = b.Bytes()
		}
		limits := Limits{Entries: 100, Bytes: 1 << 20}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		layout, err := Inspect(context.Background(), path, want, limits)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Repack(context.Background(), &out, path, want, layout); err != nil {
			t.Fatalf("accepted, but cannot be repacked: %v", err)
		}
		want.Format = templates.TarGz
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if again, err := Inspect(context.Background(), path, want, limits); err != nil || again.Strip != 0 {
			t.Fatalf("accepted, but not after repacking: %+v, %v", again, err)
		}
	})
}

// BenchmarkInspect reads a 100 MB archive of what a binary compresses to, about 40 %.
func BenchmarkInspect(b *testing.B) {
	body := make([]byte, 240<<20)
	rng := rand.NewChaCha8([32]byte{2})
	for i := 0; i < len(body); i += 1024 {
		rng.Read(body[i : i+420])
	}
	data := tarball(b, file("p/prometheus", amd64+string(body)), file("p/promtool", amd64))
	path := store(b, data)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Inspect(context.Background(), path, wantTar(), DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}
