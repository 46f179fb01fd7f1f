package inventory

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, path string, have []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, have, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is not current: go test ./fleet/inventory -update\n%s", path, have)
	}
}

func TestSchemaOfSettings(t *testing.T) {
	raw, err := JSONSchema(map[string]map[string]any{
		"prometheus": {"retention": map[string]any{"type": "string", "description": "how long"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties struct {
			Components struct {
				Properties           map[string]struct{ AnyOf []map[string]any }
				AdditionalProperties map[string]any
			}
		}
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	object := schema.Properties.Components.Properties["prometheus"].AnyOf[0]
	properties, _ := object["properties"].(map[string]any)
	if object["additionalProperties"] != false || properties["retention"] == nil || properties["version"] == nil {
		t.Errorf("have %v", object)
	}
	if schema.Properties.Components.AdditionalProperties == nil {
		t.Error("other components are refused")
	}
	if _, err := JSONSchema(map[string]map[string]any{"x": {"y": make(chan int)}}); err == nil {
		t.Error("a setting that is no JSON is accepted")
	}
}
