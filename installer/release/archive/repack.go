package archive

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/templates"
)

// epoch is the time of every repacked member, so that the same file gives the same tar.gz. tar warns of 1970.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Repack writes the members of a file that Inspect has accepted as a tar.gz without a top folder. It is for files
// that are not Layout.Plain.
func Repack(ctx context.Context, out io.Writer, path string, want Want, layout Layout) error {
	zipped, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	p := &packer{tar: tar.NewWriter(zipped), want: want, strip: layout.Strip}
	if err := walk(ctx, path, want, p.add); err != nil {
		return err
	}
	return errors.Join(p.tar.Close(), zipped.Close())
}

type packer struct {
	tar   *tar.Writer
	want  Want
	strip int
}

func (p *packer) add(e entry, content io.Reader) error {
	name := p.below(e.path)
	if name == "" || name == "." {
		return nil
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, ModTime: epoch, Format: tar.FormatPAX}
	switch {
	case e.hard: // one name for the other, which every tar unpacks alike
		h.Typeflag, h.Mode = tar.TypeSymlink, 0o777
		target, err := filepath.Rel(filepath.Dir(name), p.below(e.link))
		if err != nil {
			return err
		}
		h.Linkname = target
	case e.mode&fs.ModeSymlink != 0:
		h.Typeflag, h.Mode, h.Linkname = tar.TypeSymlink, 0o777, e.link
	case e.mode.IsDir():
		h.Typeflag, h.Mode, h.Name = tar.TypeDir, 0o755, name+"/"
	case e.mode&0o111 != 0 || slices.Contains(p.want.Binaries, name) && p.want.Format != templates.Jar:
		h.Mode = 0o755
	}
	if h.Typeflag == tar.TypeReg {
		h.Size = e.size
	}
	if err := p.tar.WriteHeader(h); err != nil || h.Size == 0 {
		return err
	}
	_, err := io.CopyN(p.tar, content, h.Size)
	return err
}

// below drops the folder above the release folder.
func (p *packer) below(path string) string {
	if p.strip == 0 {
		return path
	}
	_, rest, _ := strings.Cut(path, "/")
	return rest
}
