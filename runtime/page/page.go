// Package page is the web page of monctl serve: hosts, queries, targets, alerts, storage and clocks, drawn in the browser from the
// Prometheus HTTP API v1 and GET /api/monctl/clock of the same origin. Its sources are in ui; its built files, in assets, are
// committed, so that building monctl needs no Node.
package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assets embed.FS

// policy lets the page load, ask and run only what its own origin serves; no inline script or style, no frame around it, and no
// text that becomes HTML (Content Security Policy Level 3, Trusted Types).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// moved are addresses of Prometheus' own pages, which links in alerts and bookmarks have, and the view here that has their content.
var moved = map[string]string{
	"/graph": "query", "/query": "query", "/targets": "targets", "/alerts": "alerts", "/rules": "alerts",
	"/status": "storage", "/tsdb-status": "storage",
}

// asset is one built file as it is sent.
type asset struct {
	packed      []byte // gzip
	contentType string
	etag        string
	cache       string
}

// Handler serves the page at / and its files beside it, and sends the addresses of Prometheus' pages to the views that replace them.
// All addresses in the page are relative: behind a proxy it works under any prefix. Other paths are 404, other methods than GET and HEAD 405.
// It fails only when assets was built wrong.
func Handler() (http.Handler, error) {
	files, err := load()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		if view, ok := moved[r.URL.Path]; ok {
			redirect(w, view, r.URL.RawQuery)
			return
		}
		file, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		file.serve(w, r)
	}), nil
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// redirect keeps the address relative: http.Redirect would make it absolute, and wrong behind a proxy that strips a prefix.
func redirect(w http.ResponseWriter, view, query string) {
	target := "./#/" + view
	if query != "" {
		target += "?" + query
	}
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusFound)
}

// load reads the built files: path of the URL to file.
func load() (map[string]asset, error) {
	entries, err := assets.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	files := make(map[string]asset, len(entries))
	for _, e := range entries {
		packed, err := assets.ReadFile("assets/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("page: %w", err)
		}
		name := strings.TrimSuffix(e.Name(), ".gz")
		sum := sha256.Sum256(packed)
		file := asset{packed: packed, contentType: contentType(name), etag: `"` + hex.EncodeToString(sum[:8]) + `"`, cache: "no-cache"}
		if hashed(name) {
			file.cache = "public, max-age=31536000, immutable"
		}
		files["/"+name] = file
	}
	index, ok := files["/index.html"]
	if !ok {
		return nil, fmt.Errorf("page: assets has no index.html: run make page")
	}
	delete(files, "/index.html")
	files["/"] = index
	return files, nil
}

// contentType does not ask the machine's mime.types, which may say anything.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".html":
		return "text/html; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// hashed tells whether a name holds the hash of its content, so that it can be kept for ever: app-1A2B3C4D.js.
func hashed(name string) bool {
	stem := strings.TrimSuffix(name, path.Ext(name))
	i := strings.LastIndexByte(stem, '-')
	return i >= 0 && len(stem)-i-1 == 8
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", a.cache)
	h.Set("Vary", "Accept-Encoding")
	body, etag := a.packed, a.etag
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
	} else {
		plain, err := unpack(a.packed)
		if err != nil {
			http.Error(w, "the built page is damaged", http.StatusInternalServerError)
			return
		}
		body, etag = plain, strings.TrimSuffix(etag, `"`)+`-plain"`
	}
	h.Set("ETag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the browser may have gone
	}
}

// acceptsGzip reads Accept-Encoding as far as gzip is named in it; "gzip;q=0" refuses it (RFC 9110, section 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q := strings.TrimRight(strings.ReplaceAll(params, " ", ""), "0")
			return q != "q=" && q != "q=0."
		}
	}
	return false
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
