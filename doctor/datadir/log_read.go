package datadir

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

// The layout of a segment (tsdb/wlog/wlog.go): pages of 32 KiB, in each fragments with a header of type, length and CRC-32C. A record
// is one full fragment or first, middle…, last; it never crosses into another segment.
const (
	logPage      = 32 << 10
	logHeader    = 7
	logTypeMask  = 7
	logFull      = 1
	logFirst     = 2
	logMiddle    = 3
	logLast      = 4
	logFragments = 1 << 20 // more fragments than any record has
)

// eachRecord calls do with every record of a segment that can be read. Where one cannot, bad is told, and reading goes on with the
// next record that begins behind it: the library stops there, but what comes later is as good as before.
func eachRecord(ctx context.Context, path string, do func(rec []byte) error, bad func(offset int64, tail bool, err error)) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for at := int64(0); at < info.Size(); {
		good, err := readRecords(ctx, f, at, info.Size(), do)
		if err == nil {
			return nil
		}
		var damage *damagedError
		if !errors.As(err, &damage) {
			return fmt.Errorf("%s: %w", path, err)
		}
		at = nextRecord(f, max(good, at+1), info.Size())
		bad(good, at >= info.Size(), damage.cause)
	}
	return nil
}

// damagedError is an error of the data, not of the reading.
type damagedError struct{ cause error }

func (e *damagedError) Error() string { return e.cause.Error() }

// readRecords reads from an offset where a record begins, and returns where the first one is that cannot be read.
func readRecords(ctx context.Context, f *os.File, at, size int64, do func([]byte) error) (good int64, err error) {
	base := at - at%logPage
	stream := []io.Reader{
		bytes.NewReader(filler(int(at % logPage))), io.NewSectionReader(f, at, size-at),
		bytes.NewReader(make([]byte, (logPage-size%logPage)%logPage)), // as the library does: the last page may be short
	}
	r := wlog.NewReader(bufio.NewReaderSize(io.MultiReader(stream...), logPage))
	skip := at%logPage != 0
	good = at
	for n := 0; r.Next(); n++ {
		good = base + r.Offset()
		if skip {
			skip = false
			continue
		}
		if n%256 == 0 && ctx.Err() != nil {
			return good, ctx.Err()
		}
		if err := do(r.Record()); err != nil {
			return good, err
		}
	}
	if err := r.Err(); err != nil {
		var corrupt *wlog.CorruptionErr
		if errors.As(err, &corrupt) {
			err = corrupt.Err
		}
		return good, &damagedError{err}
	}
	return size, nil
}

// filler is one valid record that fills a page up to an offset, so that the library's reader can begin there: it has to know where
// pages end.
func filler(length int) []byte {
	if length < logHeader {
		return nil
	}
	b := make([]byte, length)
	b[0] = logFull
	binary.BigEndian.PutUint16(b[1:], uint16(length-logHeader))
	binary.BigEndian.PutUint32(b[3:], crc32.Checksum(b[logHeader:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// nextRecord finds where a record begins on the first page after an offset that has one; size when none has.
func nextRecord(f io.ReaderAt, after, size int64) int64 {
	header := make([]byte, 3)
	for page := (after + logPage - 1) / logPage * logPage; page < size; page += logPage {
		for at, n := page, 0; at < page+logPage-logHeader && n < logFragments; n++ {
			if _, err := f.ReadAt(header, at); err != nil {
				break
			}
			kind := header[0] & logTypeMask
			if kind == logFull || kind == logFirst {
				return at
			}
			if kind != logMiddle && kind != logLast {
				break // padding or damage: the next page
			}
			at += logHeader + int64(binary.BigEndian.Uint16(header[1:]))
		}
	}
	return size
}
