package api

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

var errAdminOff = errors.New("admin APIs disabled")

func (a *API) deleteSeries(r *http.Request) (*answer, error) {
	if !a.Admin {
		return nil, unavailable(errAdminOff)
	}
	if len(r.Form["match[]"]) == 0 {
		return nil, badData(errors.New("no match[] parameter provided"))
	}
	start, end, err := window(r)
	if err != nil {
		return nil, err
	}
	sets, err := a.Parser.ParseMetricSelectors(r.Form["match[]"])
	if err != nil {
		return nil, badParameter(err, "match[]")
	}
	for _, set := range sets {
		if err := a.DB.Delete(r.Context(), start, end, set...); err != nil {
			return nil, internal(err)
		}
	}
	return &answer{}, nil
}

func (a *API) cleanTombstones(*http.Request) (*answer, error) {
	if !a.Admin {
		return nil, unavailable(errAdminOff)
	}
	if err := a.DB.CleanTombstones(); err != nil {
		return nil, internal(err)
	}
	return &answer{}, nil
}

// snapshot copies the data to DATA/snapshots/NAME with hard links.
func (a *API) snapshot(r *http.Request) (*answer, error) {
	if !a.Admin {
		return nil, unavailable(errAdminOff)
	}
	skipHead := false
	if s := r.FormValue("skip_head"); s != "" {
		var err error
		if skipHead, err = strconv.ParseBool(s); err != nil {
			return nil, badParameter(fmt.Errorf("unable to parse boolean: %w", err), "skip_head")
		}
	}
	name := fmt.Sprintf("%s-%016x", a.Now().UTC().Format("20060102T150405Z0700"), rand.Int64()) //nolint:gosec // a name, no secret
	dir := filepath.Join(a.DB.Dir(), "snapshots", name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, internal(fmt.Errorf("create snapshot directory: %w", err))
	}
	if err := a.DB.Snapshot(dir, !skipHead); err != nil {
		return nil, internal(fmt.Errorf("create snapshot: %w", err))
	}
	return &answer{data: map[string]string{"name": name}}, nil
}
