package runtime

import (
	"bytes"
	"fmt"
	"net"
	"text/template"
)

// SelfAddress is how the built-in configuration names this process as a target. It is dialled in memory, so that TLS and
// users of the web configuration do not matter, and no port has to be free.
const SelfAddress = "monctl.internal:80"

// builtinText scrapes often, because the first plot is to come within seconds.
var builtinText = template.Must(template.New("builtin").Parse(`global:
  scrape_interval: 5s
  evaluation_interval: 15s
scrape_configs:
- job_name: monctl
  static_configs: [{targets: ["{{.Self}}"], labels: {instance: "{{.Instance}}"}}]
{{- if .HostPath}}
- job_name: node
  metrics_path: {{.HostPath}}
  static_configs: [{targets: ["{{.Self}}"], labels: {instance: "{{.Instance}}"}}]
{{- end}}
{{- range .Targets}}
- job_name: {{printf "%q" .Job}}
  scheme: {{.Scheme}}
  metrics_path: {{printf "%q" .Path}}
  static_configs: [{targets: [{{printf "%q" .Address}}]}]
{{- end}}
`))

// builtin is the configuration of a monitor that was given none.
func builtin(o Options) []byte {
	_, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		port = "9090"
	}
	host := ""
	if o.HostMetrics {
		host = HostMetricsPath
	}
	var b bytes.Buffer
	err = builtinText.Execute(&b, map[string]any{
		"Self": SelfAddress, "Instance": fmt.Sprintf("localhost:%s", port), "HostPath": host, "Targets": o.Scrape,
	})
	if err != nil { // the template and its data are ours
		return nil
	}
	return b.Bytes()
}
