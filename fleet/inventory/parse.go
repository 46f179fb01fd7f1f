package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/monctl/monctl/fleet/fault"
)

// Limits of what is handed to the YAML library, whose time grows with the square of both.
const (
	maxSize   = 1 << 20 // bytes
	maxTokens = 100_000
)

// Load reads a file. All errors of the file are reported together, each with its line.
func Load(path string) (*Inventory, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Misuse(fmt.Errorf("inventory: %w", err),
			"Write one with: monctl init [user@]host…\nOr name another file with --inventory.")
	}
	if err != nil {
		return nil, fault.Misuse(fmt.Errorf("inventory: %w", err), "")
	}
	defer file.Close()
	src, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, fault.Misuse(fmt.Errorf("inventory: %w", err), "")
	}
	return Parse(path, src)
}

// Parse reads src as the content of the file called name. It touches no file, except those that a {file: …} reference
// outside component settings names.
func Parse(name string, src []byte) (*Inventory, error) {
	inv := &Inventory{Name: name, Dir: filepath.Dir(name), src: normal(src)}
	errs := &errorList{inv: inv}
	if root, ok := inv.tree(errs); ok {
		var doc document
		d := &decoder{inv: inv, errs: errs}
		if root.kind == null || len(root.entries) == 0 && root.kind == mapping {
			errs.add(Pos{1, 1}, "the file has no content: it wants at least `hosts:`")
		} else if d.want("top level", root, "a mapping with `hosts:`", mapping) {
			d.fields("", root, &doc, nil)
			(&builder{decoder: d, doc: &doc}).build()
		}
	}
	if err := errs.err(); err != nil {
		return nil, err
	}
	return inv, nil
}

// normal drops the byte order mark and writes every line end as \n, as YAML reads them.
func normal(src []byte) []byte {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	return append([]byte{}, bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))...)
}

// tree parses the YAML; false when there is nothing to go on with.
func (inv *Inventory) tree(errs *errorList) (node, bool) {
	if pos, message := unreadable(inv.src); message != "" {
		errs.add(pos, "%s", message)
		return node{}, false
	}
	tokens := lexer.Tokenize(string(inv.src))
	if pos, message := excessive(tokens); message != "" {
		errs.add(pos, "%s", message)
		return node{}, false
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		pos, message := syntaxError(err)
		errs.add(pos, "%s", message)
		return node{}, false
	}
	body, ok := oneDocument(file, errs)
	if !ok {
		return node{}, false
	}
	if body == nil {
		return node{pos: Pos{1, 1}}, true
	}
	g := &grower{errs: errs, anchors: map[string]node{}, sizes: map[string]int{}, left: maxNodes}
	return g.grow(body, posOf(body, Pos{1, 1}), 0), true
}

func oneDocument(file *ast.File, errs *errorList) (ast.Node, bool) {
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, directive := doc.Body.(*ast.DirectiveNode); directive {
			continue
		}
		if body != nil {
			errs.add(posOfToken(doc.Start, posOf(doc.Body, Pos{1, 1})), "a second YAML document begins here: one file has one inventory")
			return nil, false
		}
		body = doc.Body
	}
	return body, true
}

// unreadable finds what no text editor would have written.
func unreadable(src []byte) (Pos, string) {
	if len(src) > maxSize {
		return Pos{1, 1}, fmt.Sprintf("file is larger than %d MiB: this is not an inventory", maxSize>>20)
	}
	pos := Pos{1, 1}
	for rest := src; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return pos, "file is not UTF-8 text"
		case r == '\n':
			pos = Pos{pos.Line + 1, 0}
		case r < ' ' && r != '\t' || r == 0x7f:
			return pos, fmt.Sprintf("control character %U", r)
		}
		pos.Column++
		rest = rest[size:]
	}
	return Pos{}, ""
}

// excessive finds nesting that would cost the parser its stack or its afternoon.
func excessive(tokens token.Tokens) (Pos, string) {
	if len(tokens) > maxTokens {
		return Pos{1, 1}, fmt.Sprintf("file is too large: more than %d YAML tokens", maxTokens)
	}
	depth, line, dashes := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			dashes++
		}
		if depth > maxDepth || dashes > maxDepth {
			return posOfToken(t, Pos{1, 1}), fmt.Sprintf("nested deeper than %d levels", maxDepth)
		}
	}
	return Pos{}, ""
}

func syntaxError(err error) (Pos, string) {
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) {
		return Pos{1, 1}, "not YAML: " + err.Error()
	}
	pos := posOfToken(syntax.Token, Pos{1, 1})
	switch message := syntax.Message; {
	case strings.Contains(message, "\t"):
		return pos, "tab in the indentation: YAML wants spaces"
	case strings.HasPrefix(message, "mapping value is not allowed"):
		return pos, "not YAML: " + message + "; look at the indentation, or quote a value that has a colon"
	default:
		return pos, "not YAML: " + message
	}
}
