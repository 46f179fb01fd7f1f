package dashboards

// logs has an empty matcher for what an entry may lack: entries of the journal have a unit, those of apps an app.
func logs() Board {
	const chosen = `{instance=~"$instance", app=~"$app", unit=~"$unit", level=~"$level"} |~ "(?i)$search"`
	entries := func(p Panel) Panel {
		p.Source = logEntries
		return p
	}
	return Board{
		File: "loki/dashboards/logs.json", UID: "monctl-logs", Title: "Logs",
		About: "What hosts and apps write: how much, at which level, and the lines themselves.",
		Variables: []Variable{
			{Name: "instance", Label: "Host", Source: logEntries, Query: "instance", Many: true},
			{Name: "app", Label: "App", Source: logEntries, Query: "app", Many: true},
			{Name: "unit", Label: "Unit", Source: logEntries, Query: "unit", Many: true},
			{Name: "level", Label: "Level", Source: logEntries, Query: "level", Many: true},
			{Name: "search", Label: "Text"},
		},
		Rows: []Row{
			{Height: 6, Panels: []Panel{
				entries(stacked("Lines by level", "short", "Lines in each step of the graph.", ask(`sum by (level) (count_over_time(`+chosen+` [$__interval]))`, "{{level}}")).otherwise("no line matches")).wide(16),
				entries(stacked("Errors by origin", "short", see("Lines of the levels ERROR and FATAL in each step, by app and unit.", "LogErrorRate"),
					ask(`topk(8, sum by (app, unit) (count_over_time({instance=~"$instance", app=~"$app", unit=~"$unit", level=~"ERROR|FATAL"} [$__interval])))`, "{{app}}{{unit}}")).otherwise("no errors")),
			}},
			{Height: 18, Panels: []Panel{
				entries(Panel{Kind: "logs", Title: "Lines", About: "A click on a line shows its labels. In Explore, {app=\"corea\", level=\"DEBUG\"} asks for one app and level.", Queries: []Query{ask(chosen, "")}, Empty: "no line matches"}),
			}},
		},
	}
}
