package archive

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/monctl/monctl/templates"
)

// inspection gathers what can be judged only at the end.
type inspection struct {
	want     Want
	left     Limits
	kinds    map[string]fs.FileMode // every path seen, and the folders above them
	links    []entry
	tops     []string         // first path components, at most two of them
	rooted   bool             // something other than a folder stands at the top
	programs map[string]error // for paths that may be a binary: what is wrong with it
	rough    bool             // something that not every tar unpacks alike
	layout   Layout
}

// entry is one member of any format.
type entry struct {
	name string      // as written in the file
	path string      // cleaned
	mode fs.FileMode // type and permission bits
	size int64       // bytes of a file
	link string      // target of a symbolic or hard link
	hard bool        // link is the path of an earlier member
}

func (in *inspection) see(e entry, content io.Reader) error {
	if in.left.Entries--; in.left.Entries < 0 {
		return fmt.Errorf("has too many members")
	}
	if e.path == "." {
		in.rough = true // "./" itself: a path component that --strip-components may count
		return nil
	}
	if strings.TrimSuffix(e.name, "/") != e.path || e.hard {
		in.rough = true
	}
	if err := in.place(e); err != nil {
		return err
	}
	if e.mode.IsRegular() && !e.hard {
		return in.read(e, content)
	}
	return nil
}

// place notes where a member lies and what it is.
func (in *inspection) place(e entry) error {
	for i, c := range e.path {
		if c != '/' {
			continue
		}
		if kind, seen := in.kinds[e.path[:i]]; seen && !kind.IsDir() {
			return fmt.Errorf("%q lies below %q, which is not a folder", e.path, e.path[:i])
		}
		in.kinds[e.path[:i]] = fs.ModeDir
	}
	if kind, seen := in.kinds[e.path]; seen && (!kind.IsDir() || !e.mode.IsDir()) {
		return fmt.Errorf("%q appears twice", e.path)
	}
	if e.hard && !in.regular(e.link) {
		return fmt.Errorf("%q is a hard link to %q, which is no earlier file of the archive", e.path, e.link)
	}
	in.kinds[e.path] = e.mode.Type()
	if e.link != "" {
		in.links = append(in.links, e)
	}
	top, _, below := strings.Cut(e.path, "/")
	if !below && !e.mode.IsDir() {
		in.rooted = true
	}
	if len(in.tops) < 2 && !slices.Contains(in.tops, top) {
		in.tops = append(in.tops, top)
	}
	return nil
}

func (in *inspection) regular(path string) bool {
	kind, seen := in.kinds[path]
	return seen && kind.IsRegular()
}

// read counts a file's bytes and looks at those that may be a program.
func (in *inspection) read(e entry, content io.Reader) error {
	limited := &io.LimitedReader{R: content, N: in.left.Bytes + 1}
	_, below, _ := strings.Cut(e.path, "/")
	if slices.Contains(in.want.Binaries, e.path) || slices.Contains(in.want.Binaries, below) {
		check := checkELF
		if in.want.Format == templates.Jar {
			check = checkJar
		}
		in.programs[e.path] = check(limited, in.want.Arch)
	}
	if _, err := io.Copy(io.Discard, limited); err != nil {
		return fmt.Errorf("%q: %w", e.path, err)
	}
	if in.left.Bytes = limited.N - 1; in.left.Bytes < 0 {
		return fmt.Errorf("unpacks to more than is allowed")
	}
	return nil
}

// judge finds the release folder and checks what depends on it.
func (in *inspection) judge() error {
	root, err := in.root()
	if err != nil {
		return err
	}
	in.layout.Plain = in.want.Format == templates.TarGz && !in.rough
	for _, l := range in.links {
		if err := inside(l, root); err != nil {
			return err
		}
	}
	for _, b := range in.want.Binaries {
		if err := in.programs[root+b]; err != nil {
			return fmt.Errorf("%s: %w", b, err)
		}
	}
	return nil
}

// root returns the folder, with a slash or "", below which the binaries lie.
func (in *inspection) root() (string, error) {
	has := func(root string) bool {
		for _, b := range in.want.Binaries {
			if _, ok := in.programs[root+b]; !ok {
				return false
			}
		}
		return true
	}
	switch {
	case len(in.tops) == 0:
		return "", fmt.Errorf("is empty")
	case len(in.tops) == 1 && !in.rooted && has(in.tops[0]+"/"):
		in.layout.Strip = 1
		return in.tops[0] + "/", nil
	case has(""):
		return "", nil
	}
	return "", fmt.Errorf("has no %s; it has %s", strings.Join(in.want.Binaries, ", "), in.excerpt())
}

func (in *inspection) excerpt() string {
	var files []string
	for _, path := range slices.Sorted(maps.Keys(in.kinds)) {
		if in.kinds[path].IsRegular() {
			files = append(files, path)
		}
	}
	if len(files) > 6 {
		return fmt.Sprintf("%s and %d more", strings.Join(files[:6], ", "), len(files)-6)
	}
	return strings.Join(files, ", ")
}
