package report

import (
	"bytes"
	"context"
	"html"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor"
)

// browse runs a real browser on a page and gives what it prints.
func browse(t *testing.T, text string, args ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium to look at the page with")
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
	}, append(args, "file://"+file)...)
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	return out
}

func written(t *testing.T, f doctor.Fleet, r doctor.Report, checks []doctor.Check) string {
	t.Helper()
	var out bytes.Buffer
	if err := HTML(&out, f, r, checks); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var title = regexp.MustCompile(`<title>width (\d+)</title>`)

// TestPageFits lays the page out on a phone and on a desk: nothing is wider than the window.
func TestPageFits(t *testing.T) {
	f, r, checks := seed()
	large, largeReport, largeChecks := hundred()
	for name, text := range map[string]string{"seed": written(t, f, r, checks), "hundred": written(t, large, largeReport, largeChecks)} {
		for _, width := range []int{360, 1200} {
			outer := `<title>none</title><iframe id="f" width="` + strconv.Itoa(width) + `" height="800" frameborder="0" srcdoc="` + html.EscapeString(text) +
				`"></iframe><script>onload = () => { document.title = "width " + document.getElementById("f").contentDocument.documentElement.scrollWidth }</script>`
			m := title.FindSubmatch(browse(t, outer, "--dump-dom"))
			if m == nil {
				t.Fatalf("%s: the page did not load", name)
			}
			if got, _ := strconv.Atoi(string(m[1])); got > width {
				t.Errorf("%s: %d pixels wide in a window of %d", name, got, width)
			}
		}
	}
}

// TestPageIsSeen looks at pixels: light paper by day, dark paper by night, and the red of a failure on both.
func TestPageIsSeen(t *testing.T) {
	f, r, checks := seed()
	day := written(t, f, r, checks)
	night := strings.Replace(day, "(prefers-color-scheme: dark)", "all", 1)
	if day == night {
		t.Fatal("the page has no dark side")
	}
	for name, c := range map[string]struct {
		page        string
		paper, fail color.RGBA
	}{
		"day":   {day, color.RGBA{0xfb, 0xfa, 0xf8, 0xff}, color.RGBA{0xb3, 0x26, 0x1e, 0xff}},
		"night": {night, color.RGBA{0x15, 0x18, 0x1b, 0xff}, color.RGBA{0xff, 0x8a, 0x80, 0xff}},
	} {
		shot := filepath.Join(t.TempDir(), "shot.png")
		browse(t, c.page, "--window-size=1100,2500", "--screenshot="+shot)
		text, err := os.ReadFile(shot)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[color.RGBA]int{}
		for y := range picture.Bounds().Dy() {
			for x := range picture.Bounds().Dx() {
				seen[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++
			}
		}
		if seen[c.paper] < 100000 || seen[c.fail] < 500 {
			t.Errorf("%s: %d pixels of paper, %d of red", name, seen[c.paper], seen[c.fail])
		}
	}
}
