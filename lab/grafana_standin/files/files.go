// Package files holds what lies beside the stand-in's program in its archive.
package files

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed archive
var archive embed.FS

// All returns the files by their names below the archive's root folder.
func All() map[string]string {
	all := map[string]string{}
	_ = fs.WalkDir(archive, "archive", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := archive.ReadFile(path)
		all[strings.TrimPrefix(path, "archive/")] = string(text)
		return err // what was embedded at build time can be read
	})
	return all
}
