package datadir

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// headChunk is one memory-mapped chunk of the head. Data is overwritten by the next.
type headChunk struct {
	ref        uint64
	min, max   int64
	samples    int
	encoding   chunkenc.Encoding
	outOfOrder bool
	data       []byte
}

// outOfOrderBit marks the encoding of a chunk of out-of-order samples (tsdb/chunks/head_chunks.go OutOfOrderMask).
const outOfOrderBit = 0x80

// chunkHeader is series reference, first and last time, encoding.
const chunkHeader = chunks.SeriesRefSize + 2*chunks.MintMaxtSize + chunks.ChunkEncodingSize

// mostChunkBytes is far above what 120 samples need; a length beyond it is damage.
const mostChunkBytes = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunkReader reads a file of chunks_head as a stream. The library maps such files and repairs them in place when it opens them;
// this does neither.
type chunkReader struct {
	in   *bufio.Reader
	crc  hash.Hash32
	at   int64
	buf  []byte
	size int64
}

// eachHeadChunk calls do with every chunk of a file, and returns where it cannot be read on; a nil Damage is none.
func eachHeadChunk(ctx context.Context, path, name string, do func(headChunk) error) (*Damage, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := &chunkReader{in: bufio.NewReaderSize(f, 256<<10), crc: crc32.New(castagnoli), size: info.Size()}
	header, err := r.take(chunks.HeadChunkFileHeaderSize)
	switch {
	case err != nil || binary.BigEndian.Uint32(header) == 0:
		return nil, nil // a file that was cut and never written: the library removes it
	case binary.BigEndian.Uint32(header) != chunks.MagicHeadChunks:
		return &Damage{File: name, Err: "it does not begin as a file of head chunks"}, nil
	case header[4] != 1:
		return &Damage{File: name, Err: fmt.Sprintf("format version %d is not known", header[4]), Newer: true}, nil
	}
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		start := r.at
		c, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return &Damage{File: name, Offset: start, Err: err.Error()}, nil
		}
		if err := do(c); err != nil {
			return nil, err
		}
	}
}

// next reads one chunk; io.EOF where the file ends or its preallocated zeros begin.
func (r *chunkReader) next() (headChunk, error) {
	r.crc.Reset()
	h, err := r.take(chunkHeader)
	if errors.Is(err, io.EOF) {
		return headChunk{}, io.EOF // fewer bytes than a header: zeros, as the library sees to
	}
	c := headChunk{ref: binary.BigEndian.Uint64(h), min: int64(binary.BigEndian.Uint64(h[8:])), max: int64(binary.BigEndian.Uint64(h[16:]))}
	if c.ref == 0 && c.min == 0 && c.max == 0 {
		return headChunk{}, io.EOF
	}
	c.outOfOrder, c.encoding = h[24]&outOfOrderBit != 0, chunkenc.Encoding(h[24]&^outOfOrderBit)
	r.crc.Write(h)
	length, err := binary.ReadUvarint(r)
	if err != nil || length < 2 || length > mostChunkBytes || int64(length) > r.size-r.at {
		return c, fmt.Errorf("a chunk of %d bytes does not fit", length)
	}
	if c.data, err = r.take(int(length)); err != nil {
		return c, errors.New("the file ends within a chunk")
	}
	r.crc.Write(c.data)
	c.samples = int(binary.BigEndian.Uint16(c.data))
	sum := make([]byte, chunks.CRCSize)
	if _, err := io.ReadFull(r.in, sum); err != nil {
		return c, errors.New("the file ends within a chunk")
	}
	r.at += chunks.CRCSize
	if binary.BigEndian.Uint32(sum) != r.crc.Sum32() {
		return c, errors.New("the checksum of a chunk is wrong")
	}
	return c, nil
}

// ReadByte is for the length of a chunk, which is written as a varint.
func (r *chunkReader) ReadByte() (byte, error) {
	b, err := r.in.ReadByte()
	if err == nil {
		r.at++
		r.crc.Write([]byte{b})
	}
	return b, err
}

// take reads n bytes into a buffer that the next call overwrites; io.EOF when there are fewer.
func (r *chunkReader) take(n int) ([]byte, error) {
	if cap(r.buf) < n {
		r.buf = make([]byte, n)
	}
	b := r.buf[:n]
	read, err := io.ReadFull(r.in, b)
	r.at += int64(read)
	if err != nil {
		return b, io.EOF
	}
	return b, nil
}

// within counts the samples of a chunk in a range, decoding it only where it reaches across an end.
func (c headChunk) within(r Range) int {
	switch {
	case r.Empty() || c.max < int64(r.Low) || c.min > int64(r.High):
		return 0
	case r.Has(c.min) && r.Has(c.max):
		return c.samples
	}
	n := 0
	decoded, err := chunkenc.FromData(c.encoding, c.data)
	if err != nil {
		return 0
	}
	for it := decoded.Iterator(nil); it.Next() != chunkenc.ValNone; {
		if r.Has(it.AtT()) {
			n++
		}
	}
	return n
}
