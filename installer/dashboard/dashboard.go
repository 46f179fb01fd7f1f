// Package dashboard reads Grafana's dashboards: what they ask of which datasource, whether those questions can be
// understood and answered, and how one that was exported elsewhere is made to bind here. Everything in it is pure.
package dashboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
)

// Largest is how many bytes a dashboard may have. The largest public ones have half a megabyte.
const Largest = 4 << 20

// Dashboard is one dashboard in Grafana's classic model (schema version 1 to 42).
type Dashboard struct {
	File       string // where it was read from, for messages; its base without .json is its name
	UID, Title string
	GnetID     int // its number on grafana.com, 0 for one of another origin
	Revision   int // of GnetID
	Variables  []Variable
	Panels     []Panel // those in rows and collapsed rows too; rows themselves are not panels

	tree object
}

// Panel is one panel, with what it asks.
type Panel struct {
	ID      int
	Type    string // Grafana's word: "timeseries"
	Title   string
	Library string // name of the library panel that it only refers to, "" otherwise
	Empty   string // what it says in place of "No data": it may have none without a fault
	Queries []Query
}

// Query is one question of a panel, as it is written.
type Query struct {
	Ref        string // "A"
	Datasource Datasource
	Text       string // PromQL or LogQL with Grafana's variables
	Instant    bool   // it asks for now, not for the range
	Hidden     bool   // its answer is not drawn; other queries may use it
}

// Datasource is what a query is sent to.
type Datasource struct {
	Type string // Grafana's word: "prometheus", "loki"; "" when only a name or a variable is written
	UID  string // or its name, or a variable; "" for the default
}

// Name is the file's name without folder and extension.
func (d *Dashboard) Name() string { return NameOf(d.File) }

// NameOf is the name of the dashboard in a file.
func NameOf(file string) string { return strings.TrimSuffix(path.Base(file), ".json") }

// uidShape is what Grafana takes as a uid (pkg/util/shortid_generator.go: 40 letters at most).
var uidShape = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,40}$`)

// Read decodes a dashboard. It refuses what Grafana could not show by file provisioning.
func Read(file string, src []byte) (*Dashboard, error) {
	tree, err := decode(file, src)
	if err != nil {
		return nil, err
	}
	d := &Dashboard{
		File: file, tree: tree, UID: text(tree, "uid"), Title: text(tree, "title"),
		GnetID: number(tree, "gnetId"), Revision: number(tree, "revision"),
	}
	for _, v := range objects(inner(tree, "templating"), "list") {
		d.Variables = append(d.Variables, variable(v))
	}
	eachPanel(tree, func(p object) { d.Panels = append(d.Panels, panel(p)) })
	switch {
	case d.Title == "":
		return nil, fault.Misuse(fmt.Errorf("%s: it has no title: it is not a dashboard", file), remedyClassic)
	case tree["panels"] == nil && tree["rows"] == nil:
		return nil, fault.Misuse(fmt.Errorf("%s: it has no panels: it is not a dashboard", file), remedyClassic)
	case d.UID != "" && !uidShape.MatchString(d.UID):
		return nil, fault.Misuse(fmt.Errorf("%s: uid %q: want at most 40 letters, digits, dashes and underscores", file, d.UID), "")
	}
	return d, nil
}

const remedyClassic = "Give the JSON of a dashboard: in Grafana, Export, Export as code, model Classic."

// decode parses JSON and takes the dashboard out of what the API and the classic resource wrap around it.
func decode(file string, src []byte) (object, error) {
	if len(src) > Largest {
		return nil, fault.Misuse(fmt.Errorf("%s: it is larger than %d MB", file, Largest>>20), "")
	}
	if trimmed := bytes.TrimSpace(src); len(trimmed) == 0 || trimmed[0] == '<' {
		what := "a web page"
		if len(trimmed) == 0 {
			what = "empty"
		}
		return nil, fault.Misuse(fmt.Errorf("%s: it is %s, not a dashboard", file, what), remedyClassic)
	}
	decoder := json.NewDecoder(bytes.NewReader(src))
	decoder.UseNumber()
	var tree object
	err := decoder.Decode(&tree)
	if err == nil {
		if _, end := decoder.Token(); end != io.EOF {
			err = errors.New("there is more after the dashboard")
		}
	}
	if err != nil {
		return nil, fault.Misuse(fmt.Errorf("%s%s: it is not the JSON of a dashboard: %w", file, place(src, err), err), remedyClassic)
	}
	return unwrap(file, tree)
}

// place is ":line:column" of a syntax error, the end of a text that was cut.
func place(src []byte, err error) string {
	at := len(bytes.TrimSpace(src))
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		at = min(int(syntax.Offset), len(src))
	case !errors.Is(err, io.ErrUnexpectedEOF):
		return ""
	}
	before := src[:at]
	return fmt.Sprintf(":%d:%d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n')-1)
}

// unwrap refuses the second schema, which has elements and layout in place of panels and which Grafana 11 cannot read.
func unwrap(file string, tree object) (object, error) {
	spec, version := inner(tree, "spec"), text(tree, "apiVersion")
	_, group, _ := strings.Cut(version, "/")
	switch {
	case strings.HasPrefix(group, "v2"), tree["elements"] != nil && tree["layout"] != nil, spec["elements"] != nil:
		return nil, fault.Misuse(fmt.Errorf("%s: it is a dashboard of schema version 2 (%s), which older Grafanas cannot read", file, or(version, "elements and layout")), remedyClassic)
	case spec != nil && text(tree, "kind") == "Dashboard":
		if text(spec, "uid") == "" {
			spec["uid"] = text(inner(tree, "metadata"), "name")
		}
		return spec, nil
	case tree["title"] == nil && inner(tree, "dashboard") != nil:
		return inner(tree, "dashboard"), nil
	}
	return tree, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
