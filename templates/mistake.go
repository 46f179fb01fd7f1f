package templates

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
)

// mistake is a fault of a component.yaml and its place there, as a YAML path ("$.files[0].template").
type mistake struct {
	path string
	err  error
}

func (m *mistake) Error() string { return m.err.Error() }
func (m *mistake) Unwrap() error { return m.err }

func wrong(path, format string, args ...any) error {
	return &mistake{path, fmt.Errorf(format, args...)}
}

// placed puts the file's name and, where it is known, line and column before an error: "x/component.yaml:7:1: …".
func placed(file string, src []byte, err error) error {
	var kind *yaml.TypeError
	var syntax yaml.Error
	var m *mistake
	switch {
	case errors.As(err, &kind) && kind.Token != nil:
		p := kind.Token.Position
		return fmt.Errorf("%s:%d:%d: want %s, have %s", file, p.Line, p.Column, kind.DstType, kind.SrcType)
	case errors.As(err, &syntax) && syntax.GetToken() != nil:
		p := syntax.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %s", file, p.Line, p.Column, syntax.GetMessage())
	case errors.As(err, &m):
		return fmt.Errorf("%s%s: %w", file, position(src, m.path), err)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// position gives ":line:column" of a path; "" when nothing is there.
func position(src []byte, path string) string {
	p, err := yaml.PathString(path)
	if err != nil {
		return ""
	}
	node, err := p.ReadNode(bytes.NewReader(src))
	if err != nil || node.GetToken() == nil {
		return ""
	}
	at := node.GetToken().Position
	return fmt.Sprintf(":%d:%d", at.Line, at.Column)
}
