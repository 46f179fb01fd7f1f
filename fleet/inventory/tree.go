package inventory

import (
	"math"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

type kind int

const (
	null kind = iota
	scalar
	list
	mapping
)

func (k kind) String() string { return [...]string{"nothing", "a value", "a list", "a mapping"}[k] }

// node is YAML with aliases and merge keys resolved and every position kept.
type node struct {
	kind    kind
	pos     Pos
	text    string // of a scalar, as written: a version 1.10 stays "1.10"
	value   any    // of a scalar, typed: string, int64, float64, bool
	items   []node
	entries []entry
}

type entry struct {
	key   string
	pos   Pos
	value node
}

// Limits against files that are small to write and large to read.
const (
	maxNodes = 50_000 // after aliases are expanded
	maxDepth = 32
)

// grower turns the library's syntax tree into nodes.
type grower struct {
	errs    *errorList
	anchors map[string]node
	sizes   map[string]int // nodes below each anchor
	left    int            // of maxNodes
}

func (g *grower) grow(n ast.Node, at Pos, depth int) node {
	if g.left--; g.left == 0 {
		g.errs.add(at, "file is too large: more than %d values, aliases included", maxNodes)
	}
	if depth > maxDepth {
		g.errs.add(at, "nested deeper than %d levels", maxDepth)
	}
	if g.left <= 0 || depth > maxDepth {
		return node{pos: at}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return g.mapping(n, at, depth)
	case *ast.SequenceNode:
		out := node{kind: list, pos: at}
		for _, item := range n.Values {
			if text, ok := glued(item); ok && n.IsFlowStyle {
				g.left--
				out.items = append(out.items, node{kind: scalar, pos: posOf(item, at), text: text, value: text})
				continue
			}
			out.items = append(out.items, g.grow(item, posOf(item, at), depth+1))
		}
		return out
	case *ast.AnchorNode:
		before := g.left
		out := g.grow(n.Value, posOf(n.Value, at), depth)
		name := n.Name.GetToken().Value
		g.anchors[name], g.sizes[name] = out, before-g.left+1
		return out
	case *ast.AliasNode:
		return g.alias(n, at)
	case *ast.TagNode:
		g.errs.add(at, "YAML tags such as %s are not supported: quote the value to make it text", n.Start.Value)
		return node{pos: at}
	}
	return g.scalar(n, at)
}

// alias gives a copy of what the anchor holds. An alias inside its own anchor finds nothing, so there are no loops.
func (g *grower) alias(n *ast.AliasNode, at Pos) node {
	name := n.Value.GetToken().Value
	out, ok := g.anchors[name]
	if !ok {
		g.errs.add(at, "unknown alias *%s: its anchor &%s must come before it", name, name)
	}
	before := g.left
	if g.left -= g.sizes[name]; g.left <= 0 && before > 0 {
		g.errs.add(at, "file is too large: more than %d values, aliases included", maxNodes)
	}
	if g.left <= 0 {
		return node{pos: at}
	}
	out.pos = at
	return out
}

func (g *grower) mapping(n *ast.MappingNode, at Pos, depth int) node {
	out := node{kind: mapping, pos: at}
	merged := []entry{}
	own := map[string]Pos{}
	for _, pair := range n.Values {
		keyPos := posOf(pair.Key, at)
		if _, merge := pair.Key.(*ast.MergeKeyNode); merge {
			merged = append(merged, g.merged(pair.Value, depth)...)
			continue
		}
		key, ok := keyText(pair.Key)
		if !ok {
			g.errs.add(keyPos, "a key must be a plain word")
			continue
		}
		if first, twice := own[key]; twice {
			g.errs.add(keyPos, "duplicate key %q: first in line %d", key, first.Line)
			continue
		}
		own[key] = keyPos
		value := g.grow(pair.Value, posOf(pair.Value, keyPos), depth+1)
		if value.kind == null {
			value.pos = keyPos // nothing is nowhere
		}
		out.entries = append(out.entries, entry{key, keyPos, value})
	}
	for _, e := range merged {
		if _, given := own[e.key]; !given {
			own[e.key] = e.pos
			out.entries = append(out.entries, e)
		}
	}
	return out
}

func (g *grower) merged(n ast.Node, depth int) []entry {
	at := posOf(n, Pos{})
	from := g.grow(n, at, depth+1)
	if from.kind == list {
		var all []entry
		for _, item := range from.items {
			all = append(all, item.entries...)
		}
		return all
	}
	if from.kind != mapping {
		g.errs.add(at, "<< wants a mapping or an alias of one")
	}
	return from.entries
}

func (g *grower) scalar(n ast.Node, at Pos) node {
	out := node{kind: scalar, pos: at}
	switch n := n.(type) {
	case *ast.StringNode:
		out.text, out.value = n.Value, n.Value
	case *ast.LiteralNode:
		out.text, out.value = n.Value.Value, n.Value.Value
	case *ast.BoolNode:
		out.text, out.value = n.Token.Value, n.Value
	case *ast.FloatNode:
		out.text, out.value = n.Token.Value, n.Value
	case *ast.InfinityNode, *ast.NanNode:
		g.errs.add(at, "%s is not a finite number", n.GetToken().Value)
	case *ast.IntegerNode:
		out.text = n.Token.Value
		switch v := n.Value.(type) {
		case int64:
			out.value = v
		case uint64:
			out.value = int64(v)
			if v > math.MaxInt64 {
				g.errs.add(at, "%s is too large for a whole number", out.text)
			}
		default:
			out.value = out.text
		}
	case *ast.NullNode:
		return node{kind: null, pos: at}
	default:
		g.errs.add(at, "unsupported YAML here: write a plain value")
	}
	return out
}

// glued undoes what the library makes of a plain word with a colon, [vm1:8080], in a list inside braces: a mapping. In YAML a
// colon without a space after it is part of the word (YAML 1.2.2, 7.3.3).
func glued(item ast.Node) (string, bool) {
	m, ok := item.(*ast.MappingNode)
	if !ok || m.IsFlowStyle || len(m.Values) != 1 {
		return "", false
	}
	key, colon, value := m.Values[0].Key.GetToken(), m.Values[0].Start, m.Values[0].Value.GetToken()
	if key.Type != token.StringType || value == nil || colon.Position.Offset+1 != value.Position.Offset {
		return "", false
	}
	return key.Value + ":" + value.Value, true
}

func keyText(key ast.MapKeyNode) (string, bool) {
	var n ast.Node = key
	if wrapped, ok := n.(*ast.MappingKeyNode); ok {
		n = wrapped.Value
	}
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// posOf is where a node begins. A mapping's own token is the first colon, which is not where people look.
func posOf(n ast.Node, otherwise Pos) Pos {
	switch m := n.(type) {
	case nil:
		return otherwise
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return posOf(m.Values[0].Key, otherwise)
		}
	case *ast.MappingKeyNode:
		return posOf(m.Value, otherwise)
	}
	return posOfToken(n.GetToken(), otherwise)
}

func posOfToken(t *token.Token, otherwise Pos) Pos {
	if t == nil || t.Position == nil || t.Position.Line < 1 {
		return otherwise
	}
	return Pos{Line: t.Position.Line, Column: max(t.Position.Column, 1)}
}
