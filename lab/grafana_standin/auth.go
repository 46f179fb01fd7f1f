package main

import (
	"encoding/json"
	"net/http"
)

// authenticated wants the admin's name and password, in HTTP basic
// authentication. Anonymous visitors may look when the settings let them.
func (s *server) authenticated(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		login, password, given := r.BasicAuth()
		switch {
		case given && s.store.accepts(login, password):
			next(w, r)
		case given:
			refuse(w, "Invalid username or password", "password-auth.failed")
		case r.Method == http.MethodGet && s.settings.get("auth.anonymous.enabled") == "true":
			next(w, r)
		default:
			refuse(w, "Unauthorized", "auth.unauthorized")
		}
	})
}

func refuse(w http.ResponseWriter, text, id string) {
	reply(w, http.StatusUnauthorized, map[string]any{
		"extra": nil, "message": text, "messageId": id, "statusCode": http.StatusUnauthorized, "traceID": "",
	})
}

func (s *server) org(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"id": 1, "name": "Main Org."})
}

func (s *server) currentUser(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"id": 1, "login": s.store.user.Login, "email": s.settings.get("security.admin_email"),
		"orgId": 1, "isGrafanaAdmin": true, "isDisabled": false,
	})
}

// setUserPassword is the administrator's way; there is only user 1.
func (s *server) setUserPassword(w http.ResponseWriter, r *http.Request) {
	var form struct {
		Password string `json:"password"`
	}
	switch err := json.NewDecoder(r.Body).Decode(&form); {
	case err != nil:
		message(w, http.StatusBadRequest, "bad request data")
	case r.PathValue("id") != "1":
		message(w, http.StatusNotFound, "user not found")
	default:
		s.changePassword(w, form.Password, "User password updated")
	}
}

func (s *server) changeOwnPassword(w http.ResponseWriter, r *http.Request) {
	var form struct {
		Old string `json:"oldPassword"`
		New string `json:"newPassword"`
	}
	if err := json.NewDecoder(r.Body).Decode(&form); err != nil {
		message(w, http.StatusBadRequest, "bad request data")
		return
	}
	if !s.store.accepts(s.store.user.Login, form.Old) {
		refuse(w, "Invalid old password", "")
		return
	}
	s.changePassword(w, form.New, "User password changed")
}

func (s *server) changePassword(w http.ResponseWriter, password, done string) {
	if len(password) < 4 {
		message(w, http.StatusBadRequest, "New password is too short")
		return
	}
	if err := s.store.setPassword(password); err != nil {
		message(w, http.StatusInternalServerError, err.Error())
		return
	}
	message(w, http.StatusOK, done)
}
