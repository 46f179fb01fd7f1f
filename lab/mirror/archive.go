package mirror

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is one file of an archive: from a path on this machine, or from text.
type entry struct {
	Name string // below the archive's root folder
	Path string
	Text string
	Mode int64
}

// modified is the time of every file in every archive. It is fixed, as all
// else in an archive is, so that packing the same files gives the same sum.
var modified = time.Unix(1_700_000_000, 0)

// pack writes a .tar.gz with one root folder and returns its sum and size. The
// file appears under its name only when it is complete.
func pack(file, root string, entries []entry) (sum string, size int64, err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", 0, fmt.Errorf("pack %s: %w", filepath.Base(file), err)
	}
	half, err := os.Create(file + ".half")
	if err != nil {
		return "", 0, fmt.Errorf("pack %s: %w", filepath.Base(file), err)
	}
	hash := sha256.New()
	write := writeArchive
	if strings.HasSuffix(file, ".zip") {
		write = writeZip
	}
	err = write(io.MultiWriter(half, hash), root, entries)
	info, statErr := half.Stat()
	if err := errors.Join(err, statErr, half.Close()); err != nil {
		return "", 0, fmt.Errorf("pack %s: %w", filepath.Base(file), err)
	}
	if err := os.Rename(half.Name(), file); err != nil {
		return "", 0, fmt.Errorf("pack %s: %w", filepath.Base(file), err)
	}
	return hex.EncodeToString(hash.Sum(nil)), info.Size(), nil
}

// writeArchive favours speed over size: archives travel a few centimetres.
func writeArchive(w io.Writer, root string, entries []entry) error {
	zipped, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	out := tar.NewWriter(zipped)
	for _, dir := range folders(root, entries) {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: modified}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
	}
	sorted := slices.SortedFunc(slices.Values(entries), func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	for _, e := range sorted {
		if err := e.write(out, root); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	return errors.Join(out.Close(), zipped.Close())
}

// writeZip writes the one program of an archive under the archive's own name, as Loki's are.
func writeZip(w io.Writer, name string, entries []entry) error {
	if len(entries) != 1 {
		return fmt.Errorf("a zip has one program, not %d files", len(entries))
	}
	out := zip.NewWriter(w)
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: modified}
	header.SetMode(0o755)
	member, err := out.CreateHeader(header)
	if err != nil {
		return err
	}
	in, err := os.Open(entries[0].Path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(member, in)
	return errors.Join(err, out.Close())
}

// folders lists the root and every folder the entries lie in, parents first.
func folders(root string, entries []entry) []string {
	seen := map[string]bool{root: true}
	for _, e := range entries {
		for dir := path.Dir(path.Join(root, e.Name)); dir != "." && dir != "/"; dir = path.Dir(dir) {
			seen[dir] = true
		}
	}
	var all []string
	for dir := range seen {
		all = append(all, dir)
	}
	slices.Sort(all)
	return all
}

func (e entry) write(out *tar.Writer, root string) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: path.Join(root, e.Name), Mode: e.Mode, ModTime: modified, Size: int64(len(e.Text))}
	if e.Path == "" {
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		_, err := io.WriteString(out, e.Text)
		return err
	}
	file, err := os.Open(e.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header.Size = info.Size()
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(out, file)
	return err
}
