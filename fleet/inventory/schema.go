package inventory

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/invopop/jsonschema"
)

// SchemaURL is where editors find the schema; Render points them there.
const SchemaURL = "https://raw.githubusercontent.com/monctl/monctl/main/docs/monctl.schema.json"

// JSONSchema gives the schema of the file for editors. settings maps a component to the JSON Schema properties of its
// settings (property name to schema); components without an entry take any setting.
func JSONSchema(settings map[string]map[string]any) ([]byte, error) {
	s := reflected(document{})
	s.Version, s.ID = jsonschema.Version, SchemaURL
	s.Title = "monctl inventory"
	s.Description = "Which hosts there are, how to reach them, which components each runs and with which settings."
	components, _ := s.Properties.Get("components")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		one, err := componentSchema(settings[name])
		if err != nil {
			return nil, fmt.Errorf("schema of component %s: %w", name, err)
		}
		if components.Properties == nil {
			components.Properties = jsonschema.NewProperties()
		}
		components.Properties.Set(name, one)
	}
	s.Definitions = jsonschema.Definitions{"reference": referenceSchema(), "text": textSchema()}
	out, err := json.MarshalIndent(s, "", "  ")
	return append(out, '\n'), err
}

// reflected turns one of the document's structs into a schema without definitions.
func reflected(v any) *jsonschema.Schema {
	r := jsonschema.Reflector{Anonymous: true, DoNotReference: true}
	s := r.Reflect(v)
	s.Version = ""
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		loosen(p.Value)
	}
	return s
}

// loosen lets a scalar of the document be what YAML makes of it, or a reference. Words of a fixed set stay strict, so
// that editors complete them.
func loosen(s *jsonschema.Schema) {
	reference := &jsonschema.Schema{Ref: "#/$defs/reference"}
	switch {
	case s.Type == "string" && len(s.Enum) == 0:
		s.Type, s.Ref = "", "#/$defs/text"
	case s.Type == "integer":
		s.AnyOf = []*jsonschema.Schema{{Type: "integer", Minimum: s.Minimum, Maximum: s.Maximum}, reference}
		s.Type, s.Minimum, s.Maximum = "", "", ""
	}
}

func componentSchema(settings map[string]any) (*jsonschema.Schema, error) {
	s := componentEntry{}.JSONSchema()
	object := s.AnyOf[0]
	object.AdditionalProperties = jsonschema.FalseSchema
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		raw, err := json.Marshal(settings[name])
		if err != nil {
			return nil, err
		}
		property := &jsonschema.Schema{}
		if err := json.Unmarshal(raw, property); err != nil {
			return nil, fmt.Errorf("setting %s: %w", name, err)
		}
		object.Properties.Set(name, property)
	}
	return s, nil
}

func referenceSchema() *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	properties.Set("env", &jsonschema.Schema{Type: "string", Description: "Name of an environment variable."})
	properties.Set("file", &jsonschema.Schema{Type: "string", Description: "Path of a file, relative to this one, that others may not read."})
	one := uint64(1)
	return &jsonschema.Schema{
		Type: "object", Properties: properties, MinProperties: &one, MaxProperties: &one,
		AdditionalProperties: jsonschema.FalseSchema, Description: "A value that is kept elsewhere.",
	}
}

func textSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "number"}, {Type: "boolean"}, {Ref: "#/$defs/reference"},
	}}
}

// JSONSchema says that it is a scalar; loosen opens it to references.
func (text) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// JSONSchema says that it is a whole number; loosen opens it to references.
func (number) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "integer"} }

// JSONSchema says that it is one scalar or a list.
func (texts) JSONSchema() *jsonschema.Schema {
	one := &jsonschema.Schema{Ref: "#/$defs/text"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{one, {Type: "array", Items: one}}}
}

// JSONSchema says that the keys are names of the person's choice.
func (named[T]) JSONSchema() *jsonschema.Schema {
	var value T
	s := reflected(value)
	loosen(s)
	return &jsonschema.Schema{Type: "object", AdditionalProperties: s}
}

// JSONSchema says that it is a list.
func (entries[T]) JSONSchema() *jsonschema.Schema {
	var value T
	return &jsonschema.Schema{Type: "array", Items: reflected(value)}
}

// JSONSchema is what the fields say; it stands here so that they are loosened.
func (e defaultsEntry) JSONSchema() *jsonschema.Schema {
	type fields defaultsEntry
	return reflected(fields(e))
}

// JSONSchema adds the forms a host may have besides the mapping.
func (e hostEntry) JSONSchema() *jsonschema.Schema {
	type fields hostEntry
	short := &jsonschema.Schema{Type: "string", Description: "[user@]host[:port], or localhost", Examples: []any{"ubuntu@172.16.85.31:22"}}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{reflected(fields(e)), short, {Type: "null"}}}
}

// JSONSchema adds the forms a component may have besides the mapping, which takes any setting.
func (e componentEntry) JSONSchema() *jsonschema.Schema {
	type fields componentEntry
	object := reflected(fields(e))
	object.AdditionalProperties = jsonschema.TrueSchema
	version := &jsonschema.Schema{Ref: "#/$defs/text", Description: "The version alone.", Examples: []any{"lts"}}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{object, version, {Type: "null"}}}
}

// JSONSchema adds the single URL for all sites.
func (e mirrorEntry) JSONSchema() *jsonschema.Schema {
	type fields mirrorEntry
	all := &jsonschema.Schema{Ref: "#/$defs/text", Description: "One URL for all.", Examples: []any{"https://mirror.example"}}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{all, reflected(fields(e))}}
}
