package faults

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// rule is a packet filter with a verdict on the port of node_exporter.
func rule(verdict string) string { return strings.Replace(dropFilter, "VERDICT", verdict, 1) }

// armProgram is the mirror's node_exporter for armv7.
func armProgram(t *testing.T) []byte {
	test := httptest.NewServer(lab.mirror.Handler())
	defer test.Close()
	t.Helper()
	for _, r := range lab.mirror.Of("node_exporter", "1.12.1") {
		if r.Arch == "armv7" {
			return unpacked(t, test.URL+r.Path(), "node_exporter")
		}
	}
	t.Fatal("the mirror has no node_exporter for armv7")
	return nil
}

// unpacked is one file of an archive that is served somewhere.
func unpacked(t *testing.T, address, name string) []byte {
	t.Helper()
	response, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	zip, err := gzip.NewReader(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for in := tar.NewReader(zip); ; {
		header, err := in.Next()
		if err != nil {
			t.Fatalf("%s: %s: %v", address, name, err)
		}
		if filepath.Base(header.Name) == name && header.Typeflag == tar.TypeReg {
			content, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			return content
		}
	}
}
