package runtime

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBadConfigurations(t *testing.T) {
	broken := file(t, "broken.yml", "groups:\n- name: x\n  rules:\n  - record: a\n    expr: sum(\n  - alert: b\n    expr: up\n    wrong: 1\n")
	badRule := file(t, "bad.yml", "groups:\n- name: x\n  rules:\n  - record: a\n    expr: sum(\n")
	for name, c := range map[string]struct{ text, want string }{
		"yaml":             {"global:\n  scrape_interval: 1s\n bad\n", "p.yml:2: did not find expected key"},
		"unknown field":    {"global:\n  scrape_intervall: 1s\n", `p.yml:2: there is no field "scrape_intervall" here`},
		"type":             {"global:\n  scrape_interval: soon\n", `not a valid duration string: "soon"`},
		"two faults":       {"a: 1\nb: 2\n", `p.yml:2: there is no field "b" here`},
		"job twice":        {"scrape_configs:\n- job_name: a\n- job_name: b\n- job_name: a\n", `p.yml:4: found multiple scrape configs with job name "a"`},
		"kubernetes":       {"scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: node}]\n", "p.yml:3: kubernetes_sd_configs: the bundled monitor does not do this: discovery other than static"},
		"consul for am":    {"alerting:\n  alertmanagers:\n  - consul_sd_configs: [{server: x}]\n", "p.yml:3: consul_sd_configs: the bundled monitor does not do this"},
		"tracing":          {"global: {}\ntracing:\n  endpoint: localhost:4317\n", "p.yml:2: tracing: the bundled monitor does not do this"},
		"otlp":             {"otlp:\n  promote_resource_attributes: [a]\n", "p.yml:1: otlp: the bundled monitor does not do this"},
		"rule expression":  {"rule_files: [" + badRule + "]\n", "bad.yml:5:"},
		"rule field":       {"rule_files: [" + broken + "]\n", `broken.yml:8: there is no field "wrong" here`},
		"scrape timeout":   {"scrape_configs:\n- job_name: a\n  scrape_interval: 1s\n  scrape_timeout: 2s\n", `p.yml:4: scrape timeout greater than scrape interval for scrape config with job name "a"`},
		"relabel":          {"scrape_configs:\n- job_name: a\n  relabel_configs: [{regex: '('}]\n", "missing closing )"},
		"missing secret":   {"scrape_configs:\n- job_name: a\n  basic_auth: {username: u, password: a, password_file: b}\n", "at most one of"},
		"unreadable files": {"scrape_config_files: ['/nonexistent/[.yml']\n", "syntax error in pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Start(Options{ConfigFile: file(t, "p.yml", c.text), Data: t.TempDir(), Listen: "127.0.0.1:0"})
			var wrong *ConfigError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want a ConfigError with %q", err, c.want)
			}
		})
	}
	if _, err := Start(Options{ConfigFile: "/nonexistent.yml", Data: t.TempDir(), Listen: "127.0.0.1:0"}); err == nil {
		t.Error("a missing file is accepted")
	}
}

func TestReload(t *testing.T) {
	config := file(t, "p.yml", "global: {scrape_interval: 7s}\nscrape_configs: [{job_name: a, static_configs: [{targets: ['127.0.0.1:1']}]}]\n")
	m := running(t, Options{ConfigFile: config})
	write := func(text string) {
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the pool", func() bool { _, body := get(t, m, "/api/v1/scrape_pools"); return strings.Contains(body, `"a"`) })

	write("nonsense: 1\n")
	code, body := ask(t, m, http.MethodPost, "/-/reload", nil)
	if code != http.StatusInternalServerError || !strings.Contains(body, "p.yml:1: there is no field") {
		t.Errorf("bad reload: %d %s", code, body)
	}
	if _, body := get(t, m, "/api/v1/status/config"); !strings.Contains(body, "scrape_interval: 7s") {
		t.Errorf("the old configuration is gone: %s", body)
	}
	if _, body := get(t, m, "/metrics"); !strings.Contains(body, "prometheus_config_last_reload_successful 0") {
		t.Error("the metric does not tell")
	}
	if _, body := get(t, m, "/api/v1/status/runtimeinfo"); !strings.Contains(body, `"reloadConfigSuccess":false`) {
		t.Errorf("runtimeinfo does not tell: %s", body)
	}

	write("global: {scrape_interval: 9s}\n")
	if code, body := ask(t, m, http.MethodPost, "/-/reload", nil); code != http.StatusOK {
		t.Errorf("good reload: %d %s", code, body)
	}
	until(t, "the end of the pool", func() bool { _, body := get(t, m, "/api/v1/scrape_pools"); return !strings.Contains(body, `"a"`) })
	if _, body := get(t, m, "/metrics"); !strings.Contains(body, "prometheus_config_last_reload_successful 1") {
		t.Error("the metric does not tell that all is well")
	}
}

func TestRetentionIsNotForEver(t *testing.T) {
	m := running(t, Options{ConfigFile: file(t, "p.yml", "global: {}\n")})
	if _, body := get(t, m, "/metrics"); !strings.Contains(body, "prometheus_tsdb_retention_limit_seconds 1.296e+06") {
		t.Error("the default is not 15 d")
	}
	m = running(t, Options{ConfigFile: file(t, "p.yml", "storage: {tsdb: {retention: {time: 2d, size: 1GB}}}\n")})
	_, body := get(t, m, "/metrics")
	for _, want := range []string{"prometheus_tsdb_retention_limit_seconds 172800", "prometheus_tsdb_retention_limit_bytes 1.073741824e+09"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestBadFolders(t *testing.T) {
	regular := file(t, "file", "x")
	if _, err := Start(Options{Data: filepath.Join(regular, "data"), Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "data folder") {
		t.Errorf("below a file: %v", err)
	}
	if _, err := Start(Options{Data: "/proc/monctl-data", Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "/proc/monctl-data") {
		t.Errorf("where nobody may write: %v", err)
	}
	newer := t.TempDir()
	block := filepath.Join(newer, "01HZZZZZZZZZZZZZZZZZZZZZZZ")
	if err := os.MkdirAll(filepath.Join(block, "chunks"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(block, "meta.json"), []byte(`{"ulid":"01HZZZZZZZZZZZZZZZZZZZZZZZ","version":9,"minTime":0,"maxTime":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Start(Options{Data: newer, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	var data *DataError
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := m.Run(ctx, cancel); !errors.As(err, &data) {
		t.Errorf("a folder of a newer version is accepted: %v", err)
	}
	if _, err := os.Stat(filepath.Join(block, "meta.json")); err != nil {
		t.Errorf("the block of a newer version was touched: %v", err)
	}
}
