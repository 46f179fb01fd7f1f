package datadir

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
)

// lookAtBlocks reads the meta.json of every block, and the ends of its files: enough to know that they are whole, and
// little enough for a thousand blocks.
func lookAtBlocks(d Dir, i *Inspection) error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return fmt.Errorf("%s: read: %w", d.path, err)
	}
	for _, e := range entries {
		if !isBlock(e) || !e.IsDir() {
			continue
		}
		b, err := lookAtBlock(filepath.Join(d.path, e.Name()), e.Name())
		if errors.Is(err, fs.ErrNotExist) && !exists(filepath.Join(d.path, e.Name())) {
			continue // a running server removed it
		}
		if err != nil {
			b.Err = err.Error()
		}
		b.Future = position(b, i.Now)
		i.Blocks = append(i.Blocks, b)
	}
	slices.SortStableFunc(i.Blocks, func(a, b Block) int {
		return cmp.Or(cmp.Compare(a.Min, b.Min), cmp.Compare(a.Max, b.Max), cmp.Compare(a.ULID, b.ULID))
	})
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// position compares a block with now. Max is the first instant after the block.
func position(b Block, now Instant) Future {
	switch {
	case b.Min > now:
		return Outside
	case b.Max > now+1:
		return Straddle
	}
	return Past
}

// metaVersion is the only version of meta.json so far (tsdb/block.go metaVersion1).
const metaVersion = 1

var errNewerFormat = errors.New("written by a newer version")

func lookAtBlock(dir, name string) (Block, error) {
	b := Block{ULID: name}
	body, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		return b, fmt.Errorf("meta.json: %w", unwrapPath(err))
	}
	var meta tsdb.BlockMeta
	if err := json.Unmarshal(body, &meta); err != nil {
		return b, fmt.Errorf("meta.json: %w", err)
	}
	b.Min, b.Max, b.Level = Instant(meta.MinTime), Instant(meta.MaxTime), meta.Compaction.Level
	b.Series, b.Samples = meta.Stats.NumSeries, meta.Stats.NumSamples
	b.OutOfOrder = meta.Compaction.FromOutOfOrder() || meta.Compaction.FromStaleSeries()
	b.Bytes = bytesBelow(dir)
	switch {
	case meta.Version != metaVersion:
		return b, fmt.Errorf("meta.json: version %d: %w", meta.Version, errNewerFormat)
	case meta.ULID.String() != name:
		return b, fmt.Errorf("meta.json is that of %s", meta.ULID)
	case b.Max <= b.Min:
		return b, fmt.Errorf("meta.json: from %s to %s is no range", b.Min, b.Max)
	}
	return b, errors.Join(checkIndex(filepath.Join(dir, "index")), checkChunks(filepath.Join(dir, "chunks")))
}

// unwrapPath leaves the path out of an error that names it elsewhere.
func unwrapPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// tocLength is six offsets and their checksum at the end of an index (tsdb/index/index.go indexTOCLen).
const tocLength = 6*8 + 4

func checkIndex(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("index: %w", unwrapPath(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	head, toc := make([]byte, 5), make([]byte, tocLength)
	if info.Size() < int64(len(head)+len(toc)) {
		return fmt.Errorf("index: %d bytes are no index", info.Size())
	}
	if _, err := f.ReadAt(head, 0); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	if _, err := f.ReadAt(toc, info.Size()-tocLength); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	switch {
	case binary.BigEndian.Uint32(head) != index.MagicIndex:
		return errors.New("index: it does not begin as an index")
	case head[4] > index.FormatV2:
		return fmt.Errorf("index: format %d: %w", head[4], errNewerFormat)
	case crc32.Checksum(toc[:tocLength-4], castagnoli) != binary.BigEndian.Uint32(toc[tocLength-4:]):
		return errors.New("index: the checksum of its table of contents is wrong")
	}
	return nil
}

func checkChunks(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("chunks: %w", unwrapPath(err))
	}
	for _, e := range entries {
		head := make([]byte, chunks.SegmentHeaderSize)
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			return fmt.Errorf("chunks/%s: %w", e.Name(), unwrapPath(err))
		}
		_, err = f.ReadAt(head, 0)
		f.Close()
		switch {
		case err != nil || binary.BigEndian.Uint32(head) != chunks.MagicChunks:
			return fmt.Errorf("chunks/%s: it does not begin as a file of chunks", e.Name())
		case head[4] != 1:
			return fmt.Errorf("chunks/%s: format %d: %w", e.Name(), head[4], errNewerFormat)
		}
	}
	return nil
}

// bytesBelow is what the files of a folder take, by their length.
func bytesBelow(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil //nolint:nilerr // a file that just went takes nothing
		}
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}

// lookAtRetention finds the good blocks that time retention would delete only because a block of the future exists: it counts
// back from the newest block (tsdb/db.go BeyondTimeRetention; failures.md B07).
func lookAtRetention(o InspectOptions, i *Inspection) {
	i.Retain.Time = o.Retention
	if o.Retention <= 0 {
		return
	}
	newest := Block{Max: Forever}
	for _, b := range i.Blocks {
		if b.Err == "" && b.Max > newest.Max {
			newest = b
		}
	}
	if newest.Max <= i.Now {
		return
	}
	for _, b := range i.Blocks {
		if b.Err == "" && b.Max <= i.Now && newest.Max.Sub(b.Max) >= o.Retention && i.Now.Sub(b.Max) < o.Retention {
			i.Retain.Deletes = append(i.Retain.Deletes, b.ULID)
			i.Retain.Because = newest.ULID
		}
	}
}
