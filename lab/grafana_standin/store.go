package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// store keeps the admin user in the data folder. As in Grafana, the settings'
// password counts only when the folder is new.
type store struct {
	mu   sync.Mutex
	path string
	user struct {
		Login string `json:"login"`
		Salt  string `json:"salt"`
		Hash  string `json:"hash"`
	}
}

func openStore(dir, login, password string) (*store, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	s := &store{path: filepath.Join(dir, "standin.json")}
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		s.user.Login = login
		return s, s.setPassword(password)
	}
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := json.Unmarshal(text, &s.user); err != nil {
		return nil, fmt.Errorf("data folder: %s: %w", s.path, err)
	}
	return s, nil
}

func (s *store) setPassword(password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user.Salt = rand.Text()
	s.user.Hash = hashPassword(s.user.Salt, password)
	text, err := json.Marshal(s.user)
	if err != nil {
		return fmt.Errorf("save password: %w", err)
	}
	if err := os.WriteFile(s.path+".new", text, 0o600); err != nil {
		return fmt.Errorf("save password: %w", err)
	}
	return os.Rename(s.path+".new", s.path)
}

func (s *store) accepts(login, password string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := hashPassword(s.user.Salt, password)
	return login == s.user.Login && subtle.ConstantTimeCompare([]byte(got), []byte(s.user.Hash)) == 1
}

func hashPassword(salt, password string) string {
	sum := sha256.Sum256([]byte(salt + password))
	return hex.EncodeToString(sum[:])
}
