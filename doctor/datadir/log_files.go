package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// logFiles are the segments of a log in the order in which they are replayed: those of the newest checkpoint, then those after it.
type logFiles struct {
	checkpoint string // its name; "" when there is none
	segments   []string
	bytes      int64    // of everything in the folder
	odd        []string // what is no segment
	gaps       []string // "00000007 is missing"
}

// listLog reads the names in a folder of segments; a folder that is not there has none.
func listLog(dir string) (logFiles, error) {
	var l logFiles
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("%s: read: %w", dir, err)
	}
	first := -1
	for _, e := range entries {
		if n, ok := checkpointNumber(e.Name()); ok && e.IsDir() && n > first {
			first, l.checkpoint = n, e.Name()
		}
	}
	if l.checkpoint != "" {
		inner, err := listLog(filepath.Join(dir, l.checkpoint))
		if err != nil {
			return l, err
		}
		l.segments, l.bytes, l.odd, l.gaps = inner.segments, inner.bytes, inner.odd, inner.gaps
	}
	last := -1
	for _, e := range sortedByNumber(entries) {
		info, err := e.Info()
		if err != nil {
			continue // it was removed since: a running server does that
		}
		n, ok := segmentNumber(e.Name())
		switch {
		case ok && info.Mode().IsRegular():
			l.bytes += info.Size()
			if n <= first {
				continue // the checkpoint has it
			}
			if last >= 0 && n != last+1 {
				l.gaps = append(l.gaps, fmt.Sprintf("%08d is missing", last+1))
			}
			last = n
			l.segments = append(l.segments, filepath.Join(dir, e.Name()))
		case !strings.HasPrefix(e.Name(), "checkpoint."):
			l.odd = append(l.odd, e.Name())
		}
	}
	return l, nil
}

// segmentNumber reads "00000042". More than 9 digits are no segment of a log that fits on a disk.
func segmentNumber(name string) (int, bool) {
	n, err := strconv.ParseUint(name, 10, 31)
	return int(n), err == nil && len(name) <= 10
}

// checkpointNumber reads "checkpoint.00000042"; unfinished ones end in .tmp.
func checkpointNumber(name string) (int, bool) {
	rest, ok := strings.CutPrefix(name, "checkpoint.")
	if !ok {
		return 0, false
	}
	return segmentNumber(rest)
}

func sortedByNumber(entries []fs.DirEntry) []fs.DirEntry {
	return slices.SortedStableFunc(slices.Values(entries), func(a, b fs.DirEntry) int {
		x, _ := segmentNumber(a.Name())
		y, _ := segmentNumber(b.Name())
		return x - y
	})
}
