package cmd

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// TestReleaseIsBuiltAsMakeDoes compares what .goreleaser.yml and the Makefile say about tags and inlining.
func TestReleaseIsBuiltAsMakeDoes(t *testing.T) {
	raw, err := os.ReadFile("../.goreleaser.yml")
	if err != nil {
		t.Fatal(err)
	}
	var release struct {
		Builds []struct{ Tags, Gcflags, Flags []string }
	}
	if err := yaml.Unmarshal(raw, &release); err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	joined := strings.ReplaceAll(string(makefile), "\\\n", " ")
	variable := func(name string) string {
		m := regexp.MustCompile(`(?m)^` + name + `\s*:= (.*)$`).FindStringSubmatch(joined)
		if m == nil {
			t.Fatalf("the Makefile has no %s", name)
		}
		return m[1]
	}
	inlined := []string{"all=-l"}
	for _, pattern := range strings.Fields(variable("INLINED")) {
		inlined = append(inlined, pattern+"=")
	}
	if diff := cmp.Diff(inlined, release.Builds[0].Gcflags); diff != "" {
		t.Errorf("gcflags (-Makefile +goreleaser):\n%s", diff)
	}
	if diff := cmp.Diff(strings.Split(variable("UNUSED"), ","), release.Builds[0].Tags); diff != "" {
		t.Errorf("tags (-Makefile +goreleaser):\n%s", diff)
	}
}
