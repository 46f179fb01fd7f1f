package shell

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxOutput is how many bytes of one stream a script may print: a host that answers garbage must not eat the memory
// of the controller. More ends the session.
const MaxOutput = 64 << 20

var errTooLong = fmt.Errorf("script printed more than %d MiB", MaxOutput>>20)

// heartbeat is what monctl_heartbeat writes to standard error, in one piece but maybe in the middle of a script's line.
const heartbeat = "\x1emonctl-heartbeat\n"

// stream reads frames: what a script printed, a newline, and a trailer line that begins with the nonce.
type stream struct {
	*bufio.Reader
	skip []byte // taken out wherever a line ends with it
}

func newStream(r io.Reader, skip string) *stream {
	return &stream{bufio.NewReaderSize(r, 8<<10), []byte(skip)}
}

// frame is one frame read: exactly the bytes that were printed, and the rest of the trailer line.
type frame struct {
	data    []byte
	trailer string
	err     error // data holds what came before it
}

// frame reads up to the trailer. onLine, when not nil, gets each line without its newline as it arrives.
func (s *stream) frame(nonce string, onLine func(string)) (f frame) {
	lines := lineFeed{emit: onLine}
	begin := 0 // where the current line begins in f.data
	for {
		chunk, err := s.ReadSlice('\n')
		if err == nil && begin == len(f.data) && bytes.HasPrefix(chunk, []byte(nonce)) {
			f.trailer = string(chunk[len(nonce):])
			f.data = bytes.TrimSuffix(f.data, []byte("\n"))
			return f
		}
		f.data = append(f.data, chunk...)
		switch {
		case err == nil && len(s.skip) > 0 && bytes.HasSuffix(f.data, s.skip):
			f.data = f.data[:len(f.data)-len(s.skip)]
		case err == nil:
			lines.line(f.data[begin : len(f.data)-1])
			begin = len(f.data)
		case !errors.Is(err, bufio.ErrBufferFull):
			f.err = err
			return f
		}
		if len(f.data) > MaxOutput {
			f.err = errTooLong
			return f
		}
	}
}

// lineFeed hands on lines. An empty line is held back until the next one: the one before the
// trailer is not of the script.
type lineFeed struct {
	emit func(string)
	held bool
}

func (l *lineFeed) line(text []byte) {
	if l.emit == nil {
		return
	}
	if l.held {
		l.emit("")
	}
	if l.held = len(text) == 0; !l.held {
		l.emit(string(text))
	}
}

// lastLines is the end of a text on one line, for an error message.
func lastLines(text []byte) string {
	const most = 300
	s := strings.TrimSpace(string(text))
	if len(s) > most {
		s = "…" + strings.ToValidUTF8(s[len(s)-most:], "")
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
