package faults

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"

	"github.com/golang/snappy"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/mirror"
)

// On h2 runs a real promtail, which takes minutes to build and is only there with MONCTL_LAB_LONG. It reads two logs; its user may
// read one.
const startAgent = `useradd --system --user-group promtail
install -d -o promtail -g promtail /var/lib/promtail
install -d /var/log/fault
echo 'a line that may be read' >/var/log/fault/open.log
(umask 077 && echo 'a line that may not' >/var/log/fault/closed.log)
chmod 755 /srv/fault/promtail
cat >/etc/systemd/system/promtail.service <<'END'
[Service]
User=promtail
ExecStart=/srv/fault/promtail -config.file=/srv/fault/promtail.yml
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload; systemctl enable --quiet --now promtail
`

const agentConfig = `server: {http_listen_port: 9080, grpc_listen_port: 0}
positions:
  filename: /var/lib/promtail/positions.yaml
clients:
  - url: http://%s/loki/api/v1/push
scrape_configs:
  - job_name: logs
    static_configs:
      - targets: [localhost]
        labels:
          job: fault
          __path__: /var/log/fault/*.log
`

// lokiStandin takes what an agent pushes, and says whether a text was in it. It is no Loki: it answers all that it could read.
type lokiStandin struct{ heard atomic.Bool }

func (l *lokiStandin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		body, err = snappy.Decode(nil, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if bytes.Contains(body, []byte("a line that may be read")) {
		l.heard.Store(true)
	}
	w.WriteHeader(http.StatusNoContent)
}

// unreadableLog is the row of an agent that sends one of its logs, and is silent about the other.
func unreadableLog() row {
	var loki lokiStandin
	return row{
		fault: "the log agent may not read a log", on: "h2",
		outside: func(t *testing.T, s *site, h *hosts.Host) {
			program, err := mirror.Promtail(t.Context(), lab.cache)
			if err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(program)
			if err != nil {
				t.Fatal(err)
			}
			listener, err := net.Listen("tcp", net.JoinHostPort(s.Gateway(), "0"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			go func() { _ = http.Serve(listener, &loki) }()
			give(t, h, "/srv/fault/promtail", content)
			give(t, h, "/srv/fault/promtail.yml", fmt.Appendf(nil, agentConfig, listener.Addr()))
			on(t, h, startAgent)
		},
		until: func(*testing.T, *site) bool { return loki.heard.Load() },
		check: "loki/agent-read",
		words: []string{"may not read 1 of 2 log files: /var/log/fault/closed.log", "mode 600, owner 0, group root", "usermod -aG adm promtail"},
		undo: func(t *testing.T, _ *site, h *hosts.Host) {
			on(t, h, "systemctl disable --quiet --now promtail; rm -rf /srv/fault /var/log/fault /var/lib/promtail /etc/systemd/system/promtail.service; systemctl daemon-reload; systemctl reset-failed; userdel promtail")
		},
	}
}
