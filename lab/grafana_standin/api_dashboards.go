package main

import (
	"net/http"
	"strings"
)

func (s *server) search(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	query := strings.ToLower(r.URL.Query().Get("query"))
	found := []map[string]any{}
	for _, d := range s.dashboards {
		if strings.Contains(strings.ToLower(d.Title), query) {
			found = append(found, map[string]any{
				"id": d.ID, "uid": d.UID, "title": d.Title, "uri": "db/" + d.Slug, "url": d.url(),
				"type": "dash-db", "tags": d.tags(), "isStarred": false, "folderTitle": d.Folder,
			})
		}
	}
	reply(w, http.StatusOK, found)
}

func (s *server) getDashboard(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, d := range s.dashboards {
		if d.UID == r.PathValue("uid") {
			meta := map[string]any{
				"type": "db", "slug": d.Slug, "url": d.url(), "folderTitle": d.Folder,
				"provisioned": true, "provisionedExternalId": d.File, "canSave": false, "version": 1,
			}
			reply(w, http.StatusOK, map[string]any{"meta": meta, "dashboard": d.Body})
			return
		}
	}
	message(w, http.StatusNotFound, "Dashboard not found")
}

func (d dashboard) url() string { return "/d/" + d.UID + "/" + d.Slug }

// tags is never null in JSON.
func (d dashboard) tags() []string { return append([]string{}, d.Tags...) }
