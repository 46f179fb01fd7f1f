package inventory

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// draft is the version of JSON Schema that is written.
const draft = "https://json-schema.org/draft/2020-12/schema"

// schema is as much of a JSON Schema as the file needs, in the order in which it is written.
type schema struct {
	Version     string             `json:"$schema,omitempty"`
	ID          string             `json:"$id,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	Definitions map[string]*schema `json:"$defs,omitempty"`
	AnyOf       []*schema          `json:"anyOf,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Properties  properties         `json:"properties,omitempty"`
	// AdditionalProperties is a *schema, true, false, or nil.
	AdditionalProperties any         `json:"additionalProperties,omitempty"`
	Type                 string      `json:"type,omitempty"`
	Enum                 []any       `json:"enum,omitempty"`
	Maximum              json.Number `json:"maximum,omitempty"`
	Minimum              json.Number `json:"minimum,omitempty"`
	MaxProperties        int         `json:"maxProperties,omitempty"`
	MinProperties        int         `json:"minProperties,omitempty"`
	Required             []string    `json:"required,omitempty"`
	Title                string      `json:"title,omitempty"`
	Description          string      `json:"description,omitempty"`
	Default              any         `json:"default,omitempty"`
	Examples             []any       `json:"examples,omitempty"`
}

// properties keep the order of the fields that they were made from: editors offer them in it.
type properties []property

type property struct {
	name string
	is   *schema
}

// set adds a property, or gives the one of that name another schema.
func (p *properties) set(name string, is *schema) {
	for i := range *p {
		if (*p)[i].name == name {
			(*p)[i].is = is
			return
		}
	}
	*p = append(*p, property{name, is})
}

// get is nil when there is no such property.
func (p properties) get(name string) *schema {
	for _, one := range p {
		if one.name == name {
			return one.is
		}
	}
	return nil
}

// MarshalJSON writes an object with the properties in their order.
func (p properties) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, one := range p {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := json.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		is, err := json.Marshal(one.is)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), is...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON takes the properties in the order of their names.
func (p *properties) UnmarshalJSON(raw []byte) error {
	var all map[string]*schema
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p.set(name, all[name])
	}
	return nil
}

// described is a type of the document that says itself what it may be.
type described interface{ schema() *schema }

// schemaOf is what a value says of itself, or else what the fields of the struct say.
func schemaOf(v any) *schema {
	if d, ok := v.(described); ok {
		return d.schema()
	}
	return reflected(v)
}

// reflected turns one of the document's structs into a schema: a property for every field with a name in the file.
func reflected(v any) *schema {
	s := &schema{Type: "object", AdditionalProperties: false}
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		is := schemaOf(reflect.Zero(f.Type).Interface())
		is.annotate(f.Tag)
		loosen(is)
		s.Properties.set(name, is)
		if option != "omitempty" {
			s.Required = append(s.Required, name)
		}
	}
	return s
}

// annotate adds what the tags of a field say: jsonschema, a list of enum=, default=, example=, minimum= and maximum=, and
// jsonschema_description.
func (s *schema) annotate(tag reflect.StructTag) {
	s.Description = tag.Get("jsonschema_description")
	for item := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
		switch name, text, _ := strings.Cut(item, "="); name {
		case "enum":
			s.Enum = append(s.Enum, text)
		case "default":
			s.Default = s.value(text)
		case "example":
			s.Examples = append(s.Examples, s.value(text))
		case "minimum":
			s.Minimum = json.Number(text)
		case "maximum":
			s.Maximum = json.Number(text)
		}
	}
}

// value is a word of a tag as the type has it.
func (s *schema) value(text string) any {
	if s.Type == "integer" {
		return json.Number(text)
	}
	return text
}
