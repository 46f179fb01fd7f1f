package dashboard

// corePanels are the panel types that Grafana 11 to 13 bring (public/app/plugins/panel).
var corePanels = map[string]bool{
	"alertlist": true, "annolist": true, "barchart": true, "bargauge": true, "candlestick": true, "canvas": true, "dashlist": true, "datagrid": true, "debug": true,
	"flamegraph": true, "gauge": true, "geomap": true, "heatmap": true, "histogram": true, "live": true, "logs": true, "news": true, "nodeGraph": true,
	"piechart": true, "row": true, "stat": true, "state-timeline": true, "status-history": true, "table": true, "text": true, "timeseries": true, "traces": true,
	"trend": true, "xychart": true,
}

// migrated are panel types built on AngularJS that Grafana turns into others by itself, since 11 where Angular is off
// (public/app/features/dashboard/state/PanelModel.ts, autoMigrateAngular).
var migrated = map[string]string{
	"graph": "timeseries", "table-old": "table", "singlestat": "stat", "grafana-singlestat-panel": "stat", "grafana-piechart-panel": "piechart",
	"grafana-worldmap-panel": "geomap", "natel-discrete-panel": "state-timeline",
}

// dead are those that it cannot draw since 11, with what to change them to.
var dead = map[string]string{
	"vonage-status-panel": "stat", "briangann-gauge-panel": "gauge", "michaeldmoore-multistat-panel": "bargauge", "agenty-flowcharting-panel": "canvas",
	"jdbranham-diagram-panel": "a newer version of it", "snuids-radar-panel": "a newer version of it",
}

// Dead gives what to change a panel type to that Grafana cannot draw since version 11; "" for others.
func Dead(panel string) string { return dead[panel] }
