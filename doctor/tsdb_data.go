package doctor

import (
	_ "embed" // the probe
	"errors"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed tsdb_data.sh
var dataScript string

// dataProbe is the check whose probe reads the data folders.
const dataProbe = "tsdb/data-path"

// dataDir is a data folder of Prometheus as it lies on the disk.
type dataDir struct {
	PID        int    // of the process that has it open; 0 when none has
	Unit       string // when none runs
	UID        int    // of the process or unit; -1 is unknown
	Path       string // as the process names it
	ID         string // device:inode
	Owner      int
	Group      int
	Mode       string
	Missing    bool
	Inside     bool // of a container: Path is not the host's
	Unreadable bool
	FS         string // `stat -f -c %T`
	Size, Free uint64 // bytes
	Inodes     uint64
	InodesFree uint64
	Blocks     []block
	Broken     []string // "ULID has no meta.json"
	WAL        segments
	Written    time.Time // of the newest segment of the WAL, by the host's clock at that time
	Chunks     segments
	Odd        []string // files among segments that are none
	Checkpoint string
	Left       []string // unfinished blocks
	Foreign    []string // files that belong to another user than UID
}

// block is a block of samples in [Min, Max).
type block struct {
	ULID     string
	Min, Max time.Time
}

// segments are numbered files of the WAL or of the head's chunks.
type segments struct {
	Count, First, Last int
	Bytes              int64 // of the folder
}

// gap says that a number is missing.
func (s segments) gap() bool { return s.Count > 0 && s.Last-s.First+1 != s.Count }

// otherDir is a folder that looks like data of Prometheus.
type otherDir struct {
	ID      string
	Blocks  int
	Path    string
	Changed time.Time
}

// dataDirs reads the probe.
func (h Host) dataDirs() ([]dataDir, []otherDir, error) {
	a, ok := h.Probes[dataProbe]
	if !ok {
		return nil, nil, errors.New("the data folder was not looked at")
	}
	if a.Err != "" {
		return nil, nil, errors.New("the data folder: " + a.Err)
	}
	var dirs []dataDir
	var others []otherDir
	for _, v := range a.Values {
		if v.Key == "dir" {
			dirs = append(dirs, newDataDir(v.Value))
		} else if v.Key == "other" {
			others = append(others, newOther(v.Value))
		} else if len(dirs) > 0 {
			dirs[len(dirs)-1].read(v.Key, v.Value)
		}
	}
	return dirs, others, nil
}

// data is the folder of one server.
func (s server) data() (dataDir, error) {
	dirs, _, err := s.Host.dataDirs()
	if err != nil {
		return dataDir{}, err
	}
	i := slices.IndexFunc(dirs, func(d dataDir) bool {
		return s.Running && d.PID == s.Process.PID || !s.Running && d.Unit == s.Unit
	})
	if own := s.Flags["storage.tsdb.path"]; i < 0 && own != "" { // it was started or ended between two looks
		i = slices.IndexFunc(dirs, func(d dataDir) bool { return d.Path == path.Clean(own) })
	}
	switch {
	case i < 0:
		return dataDir{}, errors.New("the data folder was not found")
	case dirs[i].Unreadable:
		return dirs[i], errors.New(dirs[i].Path + " cannot be read: needs root")
	}
	return dirs[i], nil
}

// Folder is a data folder as its process names it, or its unit.
type Folder struct {
	Path   string
	Inside bool // of a container: Path is not the host's
}

// DataFolder is where a Prometheus keeps its data, by the probe of tsdb/data-path.
func (h Host) DataFolder(c Component) (Folder, error) {
	d, err := server{Component: c, Host: h}.data()
	return Folder{Path: d.Path, Inside: d.Inside}, err
}

func newDataDir(text string) dataDir {
	w := strings.SplitN(text, " ", 3)
	if len(w) < 3 {
		return dataDir{UID: -1}
	}
	d := dataDir{Path: path.Clean(w[2]), UID: -1}
	d.Unit, _ = strings.CutPrefix(w[0], "unit:")
	if pid, err := strconv.Atoi(w[0]); err == nil {
		d.PID, d.Unit = pid, ""
	}
	if uid, err := strconv.Atoi(w[1]); err == nil {
		d.UID = uid
	}
	return d
}

func newOther(text string) otherDir {
	w := strings.SplitN(text, " ", 4)
	if len(w) < 4 {
		return otherDir{}
	}
	changed, _ := strconv.ParseInt(w[1], 10, 64)
	blocks, _ := strconv.Atoi(w[2])
	return otherDir{ID: w[0], Changed: time.Unix(changed, 0).UTC(), Blocks: blocks, Path: w[3]}
}

func (d *dataDir) read(key, value string) {
	switch key {
	case "missing":
		d.Missing = true
	case "inside":
		d.Inside = true
	case "unreadable":
		d.Unreadable = true
	case "stat":
		if w := strings.Fields(value); len(w) == 4 {
			d.ID, d.Mode = w[0], w[3]
			d.Owner, _ = strconv.Atoi(w[1])
			d.Group, _ = strconv.Atoi(w[2])
		}
	case "fs":
		d.readSpace(strings.Split(value, "|"))
	case "meta":
		d.readMeta(value)
	case "broken":
		d.Broken = append(d.Broken, value)
	case "wal":
		d.WAL = newSegments(value)
	case "written":
		if at, err := strconv.ParseInt(value, 10, 64); err == nil {
			d.Written = time.Unix(at, 0).UTC()
		}
	case "chunks":
		d.Chunks = newSegments(value)
	case "odd":
		d.Odd = append(d.Odd, value)
	case "checkpoint":
		d.Checkpoint = value
	case "left":
		d.Left = append(d.Left, value)
	case "foreign":
		d.Foreign = append(d.Foreign, value)
	}
}

func (d *dataDir) readSpace(w []string) {
	if len(w) != 6 {
		return
	}
	var n [5]uint64
	for i := range n {
		n[i], _ = strconv.ParseUint(w[i+1], 10, 64)
	}
	d.FS, d.Size, d.Free, d.Inodes, d.InodesFree = w[0], n[0]*n[1], n[0]*n[2], n[3], n[4]
}

// blockTime finds the bounds of a block in a line of its meta.json, before the parents' that follow.
var blockTime = regexp.MustCompile(`"(minTime|maxTime)"\s*:\s*(-?\d+)`)

// readMeta takes a line of grep: `ULID/meta.json:	"minTime": 1700000000000,`.
func (d *dataDir) readMeta(line string) {
	ulid, text, ok := strings.Cut(line, "/meta.json:")
	if !ok {
		return
	}
	if n := len(d.Blocks); n == 0 || d.Blocks[n-1].ULID != ulid {
		d.Blocks = append(d.Blocks, block{ULID: ulid})
	}
	b := &d.Blocks[len(d.Blocks)-1]
	for _, m := range blockTime.FindAllStringSubmatch(text, 4) {
		ms, _ := strconv.ParseInt(m[2], 10, 64)
		if m[1] == "minTime" && b.Min.IsZero() {
			b.Min = millis(ms)
		} else if m[1] == "maxTime" && b.Max.IsZero() {
			b.Max = millis(ms)
		}
	}
}

func newSegments(text string) segments {
	var n [4]int64
	for i, w := range strings.Fields(text) {
		if i < len(n) {
			n[i], _ = strconv.ParseInt(strings.TrimLeft(w, "0"), 10, 64)
		}
	}
	return segments{Count: int(n[0]), First: int(n[1]), Last: int(n[2]), Bytes: n[3] << 10}
}
