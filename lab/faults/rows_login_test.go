package faults

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
	"golang.org/x/crypto/bcrypt"
)

// The exporter of h2 gets a web.yml (exporter-toolkit), and Prometheus what a row says about it.
const (
	https    = "sed -i '/\"instance\": \"h2\"/a\\          \"__scheme__\": https' $yml\n"
	trusting = "sed -i '/job_name: \"node_exporter\"/a\\    tls_config: {ca_file: /etc/monctl/prometheus/fault.pem}' $yml\n"
	login    = "sed -i '/job_name: \"node_exporter\"/a\\    basic_auth: {username: prometheus, password: guess}' $yml\n"
)

// secured is a row whose exporter has a web.yml.
func secured(r row) row {
	r = configured(r)
	r.undo = func(t *testing.T, s *site, _ *hosts.Host) { on(t, s.host(t, "h2"), "rm -rf /srv/fault; again $unit") }
	r.until = down("h2")
	return r
}

// loginRows are faults of certificates, passwords and pages.
var loginRows = []row{
	secured(row{
		fault: "the certificate of an exporter has expired", outside: withTLS("", -time.Hour), breaks: https + trusting,
		check: "scrape/tls", words: []string{"has expired"},
	}),
	secured(row{
		fault: "the certificate of an exporter is for another name", outside: withTLS("other.example", time.Hour), breaks: https + trusting,
		check: "scrape/tls", words: []string{"name or address"},
	}),
	secured(row{
		fault: "nobody vouches for the certificate of an exporter", outside: withTLS("", time.Hour), breaks: https,
		check: "scrape/tls", words: []string{"ca_file"},
	}),
	secured(row{
		fault: "an exporter speaks https, its job http", outside: withTLS("", time.Hour),
		check: "scrape/scheme", words: []string{"speaks https"},
	}),
	secured(row{
		fault: "an exporter wants a password, its job has none", outside: withPassword,
		check: "scrape/auth", words: []string{"no credentials"},
	}),
	secured(row{
		fault: "a job has the wrong password", outside: withPassword, breaks: login,
		check: "scrape/auth", words: []string{"401"},
	}),
	configured(row{
		fault: "a target answers with a page for people", breaks: web("page.html", "<!doctype html><title>Sign in</title>"), mends: "; unserve" + restart, until: down("fault"),
		check: "scrape/content", words: []string{"HTML"},
	}),
	configured(row{
		fault: "a target answers with JSON", breaks: web("page.json", `{"status":"ok"}`), mends: "; unserve" + restart, until: down("fault"),
		check: "scrape/content", words: []string{"JSON"},
	}),
	configured(row{
		fault: "a line of a target's page is no metric", breaks: web("page.txt", "m 1\nm{ 2"), mends: "; unserve" + restart, until: down("fault"),
		check: "scrape/content", words: []string{"mistake"},
	}),
}

// web serves one page on h1 and makes it a target.
func web(name, content string) string {
	return "mkdir -p /srv/fault; printf '%s\\n' '" + content + "' >/srv/fault/" + name + "; serve /srv/fault 9111\n" +
		job("metrics_path: /"+name+"\n    static_configs: [{targets: ['127.0.0.1:9111']}]")
}

// withTLS has the exporter of h2 speak TLS, with a certificate for a name ("" is its address) that ends so long from now.
func withTLS(name string, ends time.Duration) func(*testing.T, *site, *hosts.Host) {
	return func(t *testing.T, s *site, server *hosts.Host) {
		h := s.host(t, "h2")
		crt, key := certificate(t, name, net.ParseIP(h.Address), ends)
		give(t, h, "/srv/fault/crt.pem", crt)
		give(t, h, "/srv/fault/key.pem", key)
		give(t, h, "/srv/fault/web.yml", []byte("tls_server_config: {cert_file: crt.pem, key_file: key.pem}\n"))
		give(t, server, "/etc/monctl/prometheus/fault.pem", crt)
		on(t, h, ownWebConfig)
	}
}

// withPassword has the exporter of h2 ask for one.
func withPassword(t *testing.T, s *site, _ *hosts.Host) {
	h := s.host(t, "h2")
	hash, err := bcrypt.GenerateFromPassword([]byte("right"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	give(t, h, "/srv/fault/web.yml", fmt.Appendf(nil, "basic_auth_users: {prometheus: %q}\n", hash))
	on(t, h, ownWebConfig)
}

const ownWebConfig = "chown -R root:monctl-node-exporter /srv/fault; chmod 640 /srv/fault/*; flags --web.config.file=/srv/fault/web.yml"

// give puts a file on a host.
func give(t *testing.T, h *hosts.Host, path string, content []byte) {
	t.Helper()
	path = filepath.Join(h.Root(), path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// certificate signs one by itself. It begins two days ago.
func certificate(t *testing.T, name string, address net.IP, ends time.Duration) (crt, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fault"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(ends), IPAddresses: []net.IP{address},
	}
	if name != "" {
		c.DNSNames, c.IPAddresses = []string{name}, nil
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	var crtPEM, keyPEM bytes.Buffer
	_ = pem.Encode(&crtPEM, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	_ = pem.Encode(&keyPEM, &pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	return crtPEM.Bytes(), keyPEM.Bytes()
}
