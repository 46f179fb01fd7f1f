package desired

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/templates"
)

// ProjectFolder is where the dashboards of a project are, beside its inventory.
const ProjectFolder = "dashboards"

// Bring adds the dashboards of the project, file name to content, and judges what apps ask for. It is called once, after
// StackOf.
func (s *Stack) Bring(project map[string][]byte) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(project)) {
		d, err := dashboard.Read(ProjectFolder+"/"+name, project[name])
		switch {
		case err != nil:
			errs = append(errs, err)
		case d.UID == "":
			errs = append(errs, fault.Misuse(fmt.Errorf("%s: it has no uid, and Grafana would give it another one each time", d.File), "monctl dashboard add FILE gives it one."))
		default:
			s.project = append(s.project, d)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.judgeDashboards()
}

func (s *Stack) judgeDashboards() error {
	all, err := s.allDashboards()
	if err != nil {
		return err
	}
	return errors.Join(append(s.unknownDashboards(), clashes(all)...)...)
}

// unknownDashboards reports apps that ask for a dashboard that is nowhere.
func (s *Stack) unknownDashboards() []error {
	own, err := templates.AppDashboards()
	if err != nil {
		return []error{err}
	}
	var names []string
	for _, file := range slices.Sorted(maps.Keys(own)) {
		names = append(names, strings.TrimSuffix(file, ".json"))
	}
	for _, d := range s.project {
		names = append(names, d.Name())
	}
	var errs []error
	for _, a := range s.Apps {
		if a.Dashboard != "" && !slices.Contains(names, a.Dashboard) {
			err := s.Inventory.ErrorAt(a.DashboardPos, "app %s: there is no dashboard %q%s", a.Name, a.Dashboard, inventory.Suggest(a.Dashboard, names))
			errs = append(errs, fault.Misuse(err, "There are: %s. monctl dashboard add brings more.", strings.Join(names, ", ")))
		}
	}
	return errs
}

// clashes reports two dashboards with one uid: Grafana would show one of them, now this and now that.
func clashes(all []Board) []error {
	var errs []error
	first := map[string]string{}
	for _, d := range all {
		if other := first[d.UID]; d.UID != "" && other != "" {
			errs = append(errs, fault.Misuse(fmt.Errorf("%s: its uid %q is that of %s", d.File, d.UID, other), "Give one of them another uid, or remove it."))
		}
		first[d.UID] = d.File
	}
	return errs
}

// Board is a dashboard and where it comes from.
type Board struct {
	*dashboard.Dashboard        // File is its name in Grafana's folder, for one of the project with the project's folder
	From                 string // a component, "apps" or "project"
	Notes                []dashboard.Note
}

// allDashboards are those of the components whose metrics there are, those that apps ask for and those of the project, as they are
// written.
func (s *Stack) allDashboards() ([]Board, error) {
	var all []Board
	var errs []error
	add := func(from string, files map[string][]byte) {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			d, err := dashboard.Read(name, files[name])
			errs = append(errs, err)
			all = append(all, Board{Dashboard: d, From: from})
		}
	}
	for _, c := range s.bringing() {
		add(c.Name, prefixed(c.Name, c.Dashboards))
	}
	forApps, err := templates.AppDashboards()
	asked := map[string][]byte{}
	for _, a := range s.Apps {
		if source, own := forApps[a.Dashboard+".json"]; own && len(a.Targets) > 0 {
			asked["apps-"+a.Dashboard+".json"] = source
		}
	}
	add("apps", asked)
	for _, d := range s.project {
		all = append(all, Board{Dashboard: d, From: "project"})
	}
	return all, errors.Join(append(errs, err)...)
}

// Boards are all dashboards, bound to the datasources of a Grafana. What asks a datasource that it does not have is left
// out and noted: a panel, or all of them.
func (s *Stack) Boards(grafana Instance) ([]Board, error) {
	to := s.Bindings(grafana)
	all, err := s.allDashboards()
	if err != nil {
		return nil, err
	}
	for n, b := range all {
		if all[n].Dashboard, all[n].Notes, err = b.Bind(to); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Dashboards are those that a Grafana gets: those of its boards of which something is left.
func (s *Stack) Dashboards(grafana Instance) ([]*dashboard.Dashboard, error) {
	all, err := s.Boards(grafana)
	var list []*dashboard.Dashboard
	for _, b := range all {
		if len(b.Panels) > 0 {
			list = append(list, b.Dashboard)
		}
	}
	return list, err
}

// Bindings are the datasources that the dashboards of a Grafana bind to: the first of each type.
func (s *Stack) Bindings(grafana Instance) dashboard.Bindings {
	to := dashboard.Bindings{}
	for _, d := range s.Datasources(grafana) {
		if _, there := to[d.Type]; !there {
			to[d.Type] = d.UID
		}
	}
	return to
}

// Project are the dashboards of the project, as they are written.
func (s *Stack) Project() []*dashboard.Dashboard { return s.project }

// BringOne puts a dashboard into the project, in place of the one in the same file; it is judged as Bring does.
func (s *Stack) BringOne(d *dashboard.Dashboard) error {
	s.project = append(slices.DeleteFunc(slices.Clone(s.project), func(o *dashboard.Dashboard) bool { return o.File == d.File }), d)
	return s.judgeDashboards()
}

// dashboards are the files below a Grafana's folder of dashboards.
func (s *Stack) dashboards(grafana Instance) (map[string][]byte, error) {
	list, err := s.Dashboards(grafana)
	files := map[string][]byte{}
	for _, d := range list {
		text, err := d.JSON()
		if err != nil {
			return nil, err
		}
		files[strings.Replace(d.File, ProjectFolder+"/", "project-", 1)] = text
	}
	return files, err
}
