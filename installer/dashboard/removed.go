package dashboard

// corePanels are the panel types that Grafana 11 to 13 bring (public/app/plugins/panel).
var corePanels = map[string]bool{
	"alertlist": true, "annolist": true, "barchart": true, "bargauge": true, "candlestick": true, "canvas": true, "dashlist": true, "datagrid": true, "debug": true,
	"flamegraph": true, "gauge": true, "geomap": true, "heatmap": true, "histogram": true, "live": true, "logs": true, "news": true, "nodeGraph": true,
	"piechart": true, "row": true, "stat": true, "state-timeline": true, "status-history": true, "table": true, "text": true, "timeseries": true, "traces": true,
	"trend": true, "xychart": true,
}

// removedPanels are panel types that Grafana has no more, with what becomes of them. Those that it turns into new ones by
// itself (public/app/features/dashboard/state, autoMigrateAngular) are shown, mostly as before.
var removedPanels = map[string]string{
	"graph": "it becomes a timeseries by itself; look at it", "table-old": "it becomes a table by itself; look at it",
	"singlestat": "it becomes a stat by itself; look at it", "grafana-singlestat-panel": "it becomes a stat by itself; look at it",
	"grafana-piechart-panel": "it becomes a piechart by itself; look at it", "grafana-worldmap-panel": "it becomes a geomap by itself; look at it",
	"natel-discrete-panel": "it becomes a state-timeline by itself; look at it", "vonage-status-panel": "change it to stat", "briangann-gauge-panel": "change it to gauge",
	"jdbranham-diagram-panel": "take a newer version of the plugin", "michaeldmoore-multistat-panel": "change it to bargauge",
	"agenty-flowcharting-panel": "change it to canvas", "snuids-radar-panel": "take a newer version of the plugin",
}
