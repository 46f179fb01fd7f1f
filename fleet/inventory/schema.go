package inventory

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// SchemaURL is where editors find the schema; Render points them there.
const SchemaURL = "https://raw.githubusercontent.com/monctl/monctl/main/docs/monctl.schema.json"

// JSONSchema gives the schema of the file for editors. settings maps a component to the JSON Schema properties of its
// settings (property name to schema); components without an entry take any setting.
func JSONSchema(settings map[string]map[string]any) ([]byte, error) {
	s := reflected(document{})
	s.Version, s.ID = draft, SchemaURL
	s.Title = "monctl inventory"
	s.Description = "Which hosts there are, how to reach them, which components each runs and with which settings."
	components := s.Properties.get("components")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		one, err := componentSchema(settings[name])
		if err != nil {
			return nil, fmt.Errorf("schema of component %s: %w", name, err)
		}
		components.Properties.set(name, one)
	}
	s.Definitions = map[string]*schema{"reference": referenceSchema(), "text": textSchema()}
	out, err := json.MarshalIndent(s, "", "  ")
	return append(out, '\n'), err
}

// loosen lets a scalar of the document be what YAML makes of it, or a reference. Words of a fixed set stay strict, so
// that editors complete them.
func loosen(s *schema) {
	reference := &schema{Ref: "#/$defs/reference"}
	switch {
	case s.Type == "string" && len(s.Enum) == 0:
		s.Type, s.Ref = "", "#/$defs/text"
	case s.Type == "integer":
		s.AnyOf = []*schema{{Type: "integer", Minimum: s.Minimum, Maximum: s.Maximum}, reference}
		s.Type, s.Minimum, s.Maximum = "", "", ""
	}
}

func componentSchema(settings map[string]any) (*schema, error) {
	s := componentEntry{}.schema()
	object := s.AnyOf[0]
	object.AdditionalProperties = false
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		raw, err := json.Marshal(settings[name])
		if err != nil {
			return nil, err
		}
		one := &schema{}
		if err := json.Unmarshal(raw, one); err != nil {
			return nil, fmt.Errorf("setting %s: %w", name, err)
		}
		object.Properties.set(name, one)
	}
	return s, nil
}

func referenceSchema() *schema {
	return &schema{
		Type: "object", MinProperties: 1, MaxProperties: 1,
		Properties: properties{
			{"env", &schema{Type: "string", Description: "Name of an environment variable."}},
			{"file", &schema{Type: "string", Description: "Path of a file, relative to this one, that others may not read."}},
		},
		AdditionalProperties: false, Description: "A value that is kept elsewhere.",
	}
}

func textSchema() *schema {
	return &schema{AnyOf: []*schema{
		{Type: "string"}, {Type: "number"}, {Type: "boolean"}, {Ref: "#/$defs/reference"},
	}}
}

// schema says that it is a scalar; loosen opens it to references.
func (text) schema() *schema { return &schema{Type: "string"} }

// schema says that it is a whole number; loosen opens it to references.
func (number) schema() *schema { return &schema{Type: "integer"} }

// schema says that it is one scalar or a list.
func (texts) schema() *schema {
	one := &schema{Ref: "#/$defs/text"}
	return &schema{AnyOf: []*schema{one, {Type: "array", Items: one}}}
}

// schema says that the keys are names of the person's choice.
func (named[T]) schema() *schema {
	var value T
	s := schemaOf(value)
	loosen(s)
	return &schema{Type: "object", AdditionalProperties: s}
}

// schema says that it is a list.
func (entries[T]) schema() *schema {
	var value T
	return &schema{Type: "array", Items: schemaOf(value)}
}

// schema adds the forms a host may have besides the mapping.
func (e hostEntry) schema() *schema {
	type fields hostEntry
	short := &schema{Type: "string", Description: "[user@]host[:port], or localhost", Examples: []any{"ubuntu@172.16.85.31:22"}}
	return &schema{AnyOf: []*schema{reflected(fields(e)), short, {Type: "null"}}}
}

// schema adds the forms a component may have besides the mapping, which takes any setting.
func (e componentEntry) schema() *schema {
	type fields componentEntry
	object := reflected(fields(e))
	object.AdditionalProperties = true
	version := &schema{Ref: "#/$defs/text", Description: "The version alone.", Examples: []any{"lts"}}
	return &schema{AnyOf: []*schema{object, version, {Type: "null"}}}
}

// schema adds the single URL for all sites.
func (e mirrorEntry) schema() *schema {
	type fields mirrorEntry
	all := &schema{Ref: "#/$defs/text", Description: "One URL for all.", Examples: []any{"https://mirror.example"}}
	return &schema{AnyOf: []*schema{all, reflected(fields(e))}}
}
