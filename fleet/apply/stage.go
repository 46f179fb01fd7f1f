package apply

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

// member is one file of the stream that is sent to a host.
type member struct {
	name string
	size int64  // bytes
	sum  string // sha256, hex
	open func() (io.ReadCloser, error)
}

func bytesMember(name string, content []byte) member {
	sum := sha256.Sum256(content)
	return member{
		name: name, size: int64(len(content)), sum: hex.EncodeToString(sum[:]),
		open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

func fileMember(name, path string, size int64, sum string) member {
	return member{name: name, size: size, sum: sum, open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

// stream is a tar archive of the members, preceded by a sha256sum list of all of them. Its size is known before the
// first byte is sent, so that the receiving shell reads exactly that much.
func stream(members []member) (io.ReadCloser, int64, error) {
	var sums strings.Builder
	for _, m := range members {
		fmt.Fprintf(&sums, "%s  %s\n", m.sum, m.name)
	}
	members = append([]member{bytesMember("sums", []byte(sums.String()))}, members...)
	s := &tarStream{}
	var size int64
	for _, m := range members {
		head, err := tarHeader(m)
		if err != nil {
			return nil, 0, fmt.Errorf("stream: %s: %w", m.name, err)
		}
		padding := -m.size & 511
		s.parts = append(s.parts, literal(head), m.open, literal(make([]byte, padding)))
		size += int64(len(head)) + m.size + padding
	}
	end := make([]byte, 1024) // two empty blocks end a tar archive (POSIX.1-1988 ustar)
	s.parts = append(s.parts, literal(end))
	return s, size + int64(len(end)), nil
}

func tarHeader(m member) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: m.name, Size: m.size, Mode: 0o600, Format: tar.FormatUSTAR})
	return b.Bytes(), err
}

func literal(b []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

// tarStream reads its parts one after the other and opens each only when it is reached, so that a hundred hosts do
// not hold a hundred archives.
type tarStream struct {
	parts []func() (io.ReadCloser, error)
	now   io.ReadCloser
}

func (s *tarStream) Read(p []byte) (int, error) {
	for {
		if s.now == nil {
			if len(s.parts) == 0 {
				return 0, io.EOF
			}
			next, err := s.parts[0]()
			if err != nil {
				return 0, err
			}
			s.now, s.parts = next, s.parts[1:]
		}
		n, err := s.now.Read(p)
		if err == io.EOF {
			err = s.now.Close()
			s.now = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (s *tarStream) Close() error {
	s.parts = nil
	if s.now == nil {
		return nil
	}
	return s.now.Close()
}
