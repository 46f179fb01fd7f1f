package desired

// Datasource is what Grafana shows data of.
type Datasource struct {
	Title, UID, Type string // Type is Grafana's word: "prometheus", "loki", "cloudwatch"
	URL              string // "" for a service elsewhere
	ScrapeInterval   string // of a Prometheus
	Elsewhere        bool   // not of this stack: monctl does not prove it
}

// The datasource UIDs that dashboards bind to.
const (
	PrometheusUID = "monctl-prometheus"
	LokiUID       = "monctl-loki"
	CloudWatchUID = "monctl-cloudwatch"
)

// Datasources gives the datasources for a Grafana. The first of a kind in the inventory has the UID that dashboards bind to.
func (s *Stack) Datasources(grafana Instance) []Datasource {
	var list []Datasource
	for n, i := range s.Scrapers() {
		d := datasource(i.Component.Title, "monctl-"+i.Component.Name, "prometheus", n, i, grafana)
		if n == 0 { // Grafana takes no other title for a datasource that it knows by its UID
			d.Title, d.UID = "Prometheus", PrometheusUID
		}
		d.ScrapeInterval, _ = i.Set["scrape_interval"].(string)
		list = append(list, d)
	}
	for n, i := range s.Of("loki") {
		list = append(list, datasource("Loki", LokiUID, "loki", n, i, grafana))
	}
	if grafana.Given("cloudwatch") {
		list = append(list, Datasource{Title: "CloudWatch", UID: CloudWatchUID, Type: "cloudwatch", Elsewhere: true})
	}
	return list
}

func datasource(title, uid, kind string, n int, i, from Instance) Datasource {
	d := Datasource{Title: title, UID: uid, Type: kind, URL: "http://" + i.From(from.Host.Name)}
	if n > 0 {
		d.Title, d.UID = title+" "+i.Host.Name, uid+"-"+i.Host.Name
	}
	return d
}
