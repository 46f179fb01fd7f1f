package doctor

import (
	"testing"

	"github.com/monctl/monctl/installer/desired"
)

func TestWhatAnotherOneIsInThePlaceOfIsNotMissing(t *testing.T) {
	monitor := Component{Kind: "monitor", Running: true, Manifest: &desired.Manifest{InPlaceOf: []string{"prometheus"}}}
	h := Host{Wants: []string{"prometheus", "node_exporter"}, Components: []Component{monitor}}
	found := judgeNotRunning(h)
	if len(found) != 1 || found[0].Title != "node_exporter is not installed" {
		t.Errorf("found %+v", found)
	}
}
