package self

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/monctl/monctl/fleet/resource"
)

// epoch is the time of the member, so that the same program gives the same archive. tar warns of 1970.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// maxProgram bounds what is unpacked from an archive, in bytes.
const maxProgram = 512 << 20

// Pack gives the program as a tar.gz with one member, monctl: packed once, then found in the cache by the program's sum.
func (p Program) Pack() (resource.Payload, error) {
	to := filepath.Join(p.cache, "self", p.SHA256+".tar.gz")
	if !isFile(to) {
		if err := written(to, func(w io.Writer) error { return p.pack(w) }); err != nil {
			return resource.Payload{}, fmt.Errorf("pack monctl for %s: %w", p.Arch, err)
		}
	}
	sum, size, err := sumOf(to)
	return resource.Payload{Path: to, Size: size, SHA256: sum}, err
}

func (p Program) pack(w io.Writer) error {
	in, err := os.Open(p.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	zipped, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	packed := tar.NewWriter(zipped)
	if err := packed.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "monctl", Mode: 0o755, Size: p.Size, ModTime: epoch, Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	if _, err := io.CopyN(packed, in, p.Size); err != nil {
		return err
	}
	return errors.Join(packed.Close(), zipped.Close())
}

// unpack takes the program out of a release archive.
func (p Programs) unpack(archive string) (string, error) {
	sum, _, err := sumOf(archive)
	if err != nil {
		return "", err
	}
	to := filepath.Join(p.Cache, "self", sum, "monctl")
	if isFile(to) {
		return to, nil
	}
	f, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return "", fmt.Errorf("unpack %s: %w", archive, err)
	}
	for in := tar.NewReader(zipped); ; {
		h, err := in.Next()
		if err != nil {
			return "", fmt.Errorf("unpack %s: find monctl in it: %w", archive, err)
		}
		if h.Typeflag == tar.TypeReg && path.Base(h.Name) == "monctl" && h.Size <= maxProgram {
			return to, written(to, func(w io.Writer) error { _, err := io.CopyN(w, in, h.Size); return err })
		}
	}
}

// written makes a file that is either whole or not there.
func written(to string, content func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(to), ".part-")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if err := errors.Join(content(part), part.Close()); err != nil {
		return err
	}
	return os.Rename(part.Name(), to)
}
