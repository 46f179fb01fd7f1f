package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/monctl/monctl/templates"
)

// visit is called for each member in the order of the file; content is valid until it returns.
type visit func(e entry, content io.Reader) error

// walk visits the members of a file of any format.
func walk(ctx context.Context, path string, want Want, see visit) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := &interruptible{ctx, f}
	switch want.Format {
	case templates.TarGz:
		return walkTarGz(in, see)
	case templates.Zip:
		return walkZip(ctx, f, want, see)
	case templates.Binary, templates.Jar:
		mode := fs.FileMode(0o755)
		if want.Format == templates.Jar {
			mode = 0o644
		}
		info, err := f.Stat()
		if err != nil {
			return err
		}
		return see(entry{name: want.Binaries[0], path: want.Binaries[0], mode: mode, size: info.Size()}, in)
	default:
		return fmt.Errorf("format %q is not known", want.Format)
	}
}

// interruptible ends a long read when its context ends.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

func walkTarGz(r io.Reader, see visit) error {
	buffered := bufio.NewReaderSize(r, 256<<10)
	head, err := buffered.Peek(2)
	if err != nil && err != io.EOF {
		return err
	}
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return fmt.Errorf("is not a gzip file (it begins with %q)", head)
	}
	unzipped, err := gzip.NewReader(buffered)
	if err != nil {
		return broken(err)
	}
	if err := walkTar(tar.NewReader(unzipped), see); err != nil {
		return err
	}
	return drain(unzipped)
}

func walkTar(t *tar.Reader, see visit) error {
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return broken(err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue // a comment of git archive
		}
		e, err := tarEntry(h)
		if err != nil {
			return err
		}
		if err := see(e, t); err != nil {
			return broken(err)
		}
	}
}

func tarEntry(h *tar.Header) (entry, error) {
	e := entry{name: h.Name, mode: fs.FileMode(h.Mode & 0o777), size: h.Size}
	var err error
	if e.path, err = clean(h.Name); err != nil {
		return e, err
	}
	switch h.Typeflag {
	case tar.TypeReg:
	case tar.TypeDir:
		e.mode |= fs.ModeDir
	case tar.TypeSymlink:
		e.mode |= fs.ModeSymlink
		e.link = h.Linkname
	case tar.TypeLink:
		e.hard = true
		e.link, err = clean(h.Linkname)
		if err != nil {
			return e, fmt.Errorf("hard link %q: %w", e.path, err)
		}
	default:
		return e, fmt.Errorf("%q is a device or another special file (type %q)", e.path, h.Typeflag)
	}
	if h.Mode&0o6000 != 0 && h.Typeflag != tar.TypeDir {
		return e, fmt.Errorf("%q would run with another user's rights (mode %o)", e.path, h.Mode)
	}
	if e.link == "" && (e.hard || e.mode&fs.ModeSymlink != 0) {
		return e, fmt.Errorf("link %q leads nowhere", e.path)
	}
	return e, nil
}

// drain reads to the end of the gzip stream, so that its checksum is verified. After the end mark of a tar only
// padding may follow: two programs could otherwise see two archives in one file.
func drain(r io.Reader) error {
	buf := make([]byte, 64<<10)
	for left := 1 << 20; ; {
		n, err := r.Read(buf)
		if left -= n; left < 0 || len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return fmt.Errorf("has content after its end")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return broken(err)
		}
	}
}

// broken puts a reader's error into words.
func broken(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("is truncated: %w", err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, tar.ErrHeader),
		errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrChecksum):
		return fmt.Errorf("is damaged: %w", err)
	}
	return err
}
