package runtime

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// certificate makes a key and a certificate of it for 127.0.0.1, and gives the folder of tls.key and tls.crt, and a client that trusts it.
func certificate(t *testing.T) (dir string, client *http.Client) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: raw}, "tls.key": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	t.Cleanup(client.CloseIdleConnections)
	return dir, client
}

func TestWebConfig(t *testing.T) {
	dir, client := certificate(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("right"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	web := filepath.Join(dir, "web.yml")
	if err := os.WriteFile(web, []byte("tls_server_config: {cert_file: tls.crt, key_file: tls.key}\nbasic_auth_users: {anna: '"+string(hash)+"'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := running(t, Options{WebConfig: web, HostMetrics: true})
	address := m.listener.Addr().String()
	if u := m.URL(); u.Scheme != "https" {
		t.Errorf("it says that it is at %s", u)
	}
	ask := func(scheme, user, password, path string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if user != "" {
			req.SetBasicAuth(user, password)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	if code, body := ask("http", "anna", "right", "/-/ready"); code != http.StatusBadRequest {
		t.Errorf("without TLS: %d %s", code, body)
	}
	for _, c := range []struct {
		user, password string
		want           int
	}{{"", "", http.StatusUnauthorized}, {"anna", "wrong", http.StatusUnauthorized}, {"bert", "right", http.StatusUnauthorized}, {"anna", "right", http.StatusOK}} {
		for _, path := range []string{"/-/ready", "/", "/metrics", "/node/metrics", "/federate?match[]=up", "/api/v1/query?query=1", "/api/monctl/clock"} {
			if code, body := ask("https", c.user, c.password, path); code != c.want {
				t.Errorf("%s with %q %q: %d %.100s", path, c.user, c.password, code, body)
			}
		}
	}
	// Its own targets need neither.
	until(t, "its own targets", func() bool {
		_, body := ask("https", "anna", "right", "/api/v1/query?query=sum(up)")
		return strings.Contains(body, `"2"`)
	})
}
