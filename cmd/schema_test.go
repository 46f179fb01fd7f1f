package cmd

import (
	"bytes"
	"os"
	"testing"

	"github.com/monctl/monctl/cmd/ui"
)

// TestPublishedSchemaIsCurrent fails until make schema was run.
func TestPublishedSchemaIsCurrent(t *testing.T) {
	var out, problems bytes.Buffer
	if code := Main([]string{"schema"}, ui.Streams{In: new(bytes.Buffer), Out: &out, Err: &problems}); code != 0 {
		t.Fatalf("exit %d: %s", code, problems.String())
	}
	want, err := os.ReadFile("../docs/monctl.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Error("docs/monctl.schema.json is not what monctl schema prints: make schema")
	}
}
