// Package stream takes a folder from one machine to another over a connection: one end sends a tar of it, and last a list of
// the sha256 of every file; the other writes the files to a new folder, hashes what it wrote, and gives the folder its name
// only when everything agrees. It knows nothing of what is in the folder, and nothing of hosts.
package stream

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sumsName is the last member: lines "SHA256  NAME", as sha256sum writes them.
const sumsName = "SHA256SUMS"

var (
	errCut      = errors.New("the stream was cut")
	errMismatch = errors.New("what arrived is not what was sent")
	errExists   = errors.New("is there already")
)

// Send writes the folder: directories and regular files, with modes and times. Links and other things are an error.
func Send(w io.Writer, folder string) error {
	buffered := bufio.NewWriterSize(w, 256<<10)
	out := tar.NewWriter(buffered)
	var sums strings.Builder
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil || name == "." {
			return err
		}
		sum, err := member(out, path, name, e)
		if sum != "" {
			fmt.Fprintf(&sums, "%s  %s\n", sum, name)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("send %s: %w", folder, err)
	}
	text := sums.String()
	err = out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: sumsName, Mode: 0o600, Size: int64(len(text))})
	if err == nil {
		_, err = io.WriteString(out, text)
	}
	return errors.Join(err, out.Close(), buffered.Flush())
}

// member writes one entry; the sum is empty for a directory.
func member(out *tar.Writer, path, name string, e fs.DirEntry) (sum string, err error) {
	info, err := e.Info()
	if err != nil {
		return "", err
	}
	h := &tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: int64(info.Mode().Perm()), ModTime: info.ModTime()}
	switch {
	case info.IsDir():
		return "", out.WriteHeader(h)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is neither a file nor a folder", path)
	}
	h.Typeflag, h.Name, h.Size = tar.TypeReg, name, info.Size()
	if err := out.WriteHeader(h); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	digest := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(out, digest), f, h.Size); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// Received says what arrived.
type Received struct {
	Folder string `json:"folder"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
}

// Receive writes what Send sent to a folder that is not there yet, and beside it NAME.sha256, with which it can be verified
// again (sha256sum -c). When anything is wrong, nothing is left. progress may be nil.
func Receive(r io.Reader, folder string, progress func(bytes int64)) (Received, error) {
	if _, err := os.Lstat(folder); err == nil {
		return Received{}, fmt.Errorf("receive: %s %w", folder, errExists)
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return Received{}, fmt.Errorf("receive: %w", err)
	}
	part, err := os.MkdirTemp(filepath.Dir(folder), "."+filepath.Base(folder)+".part-")
	if err != nil {
		return Received{}, fmt.Errorf("receive: %w", err)
	}
	defer os.RemoveAll(part)
	in := receiver{tar: tar.NewReader(bufio.NewReaderSize(r, 256<<10)), folder: part, written: map[string]string{}, progress: progress}
	sums, err := in.all()
	if err != nil {
		return Received{}, fmt.Errorf("receive: %w", err)
	}
	if err := os.WriteFile(folder+".sha256", []byte(sums), 0o600); err != nil {
		return Received{}, fmt.Errorf("receive: %w", err)
	}
	in.is.Folder = folder
	return in.is, os.Rename(part, folder)
}

type receiver struct {
	tar      *tar.Reader
	folder   string
	written  map[string]string // name to the sum of what was written
	is       Received
	progress func(int64)
}

// all takes members until the list of sums, and compares.
func (r *receiver) all() (sums string, err error) {
	for {
		h, err := r.tar.Next()
		if err != nil {
			return "", errors.Join(errCut, err)
		}
		if h.Name == sumsName {
			text, err := io.ReadAll(r.tar)
			if err != nil {
				return "", errors.Join(errCut, err)
			}
			return string(text), r.compare(string(text))
		}
		if err := r.member(h); err != nil {
			return "", err
		}
	}
}

func (r *receiver) member(h *tar.Header) error {
	if !filepath.IsLocal(h.Name) {
		return fmt.Errorf("%w: the name %q", errMismatch, h.Name)
	}
	path := filepath.Join(r.folder, h.Name)
	if h.Typeflag == tar.TypeDir {
		return os.Mkdir(path, 0o700)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, h.FileInfo().Mode().Perm()&0o700|0o600)
	if err != nil {
		return err
	}
	digest := sha256.New()
	if err := r.copy(f, digest); err != nil {
		_ = f.Close()
		return err
	}
	r.written[h.Name] = hex.EncodeToString(digest.Sum(nil))
	return errors.Join(f.Sync(), f.Close(), os.Chtimes(path, h.ModTime, h.ModTime))
}

func (r *receiver) copy(f *os.File, digest hash.Hash) error {
	n, err := io.Copy(io.MultiWriter(f, digest), r.tar)
	r.is.Files++
	r.is.Bytes += n
	if r.progress != nil {
		r.progress(r.is.Bytes)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.Join(errCut, err)
	}
	return err
}

// compare wants the same files with the same sums.
func (r *receiver) compare(sums string) error {
	listed := 0
	for line := range strings.Lines(sums) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		listed++
		if r.written[name] != sum {
			return fmt.Errorf("%w: %s", errMismatch, name)
		}
	}
	if listed != len(r.written) {
		return fmt.Errorf("%w: %d files arrived, %d were sent", errMismatch, len(r.written), listed)
	}
	return nil
}
