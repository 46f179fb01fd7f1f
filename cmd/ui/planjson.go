package ui

import (
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
)

// The objects of plan --json. Fields are only ever added.
type (
	releaseRecord struct {
		Component string `json:"component"`
		Version   string `json:"version"`
		Arch      string `json:"arch"`
		URL       string `json:"url"`
		From      string `json:"from"` // the mirror's address, or URL
		SHA256    string `json:"sha256"`
		Sources   int    `json:"sources"`
		Trust     string `json:"trust"`
		Locked    bool   `json:"locked"`
	}
	changeRecord struct {
		Host   string `json:"host"`
		Action string `json:"action"`
		Kind   string `json:"kind"`
		Name   string `json:"name"`
		Why    string `json:"why,omitempty"`
		Diff   string `json:"diff,omitempty"`
		Secret bool   `json:"secret,omitempty"`
	}
	hostRecord struct {
		Host       string `json:"host"`
		Arch       string `json:"arch,omitempty"`
		Changes    int    `json:"changes"`
		Unfinished string `json:"unfinished,omitempty"`
		Error      string `json:"error,omitempty"`
	}
)

func (u *UI) planJSON(v PlanView) {
	u.insteadJSON(v.Run)
	for _, c := range v.Run.Stack.Components() {
		if r, ok := v.Run.Releases[c.Name]; ok {
			u.releaseJSON(r)
		}
	}
	for _, h := range v.Run.Hosts {
		rec := hostRecord{Host: h.Name, Arch: h.Facts.Arch, Changes: len(h.Plan.Changes), Unfinished: h.Plan.Unfinished}
		if h.Err != nil {
			rec.Error = h.Err.Error()
		}
		u.Emit("host", rec)
		u.changesJSON(h, v)
	}
}

func (u *UI) releaseJSON(r release.Release) {
	for _, a := range templates.Archs() {
		if f, ok := r.Files[a]; ok {
			u.Emit("release", releaseRecord{r.Component, r.Version, string(a), f.URL, f.From, f.SHA256, f.Sources, string(f.Trust), f.Locked})
		}
	}
}

func (u *UI) changesJSON(h *installer.Host, v PlanView) {
	for _, c := range h.Plan.Changes {
		kind, name := words(c.Resource)
		if kind == "" {
			kind = string(c.Action)
		}
		rec := changeRecord{Host: h.Name, Action: string(c.Action), Kind: kind, Name: name, Why: c.Why}
		if f, ok := c.Resource.(resource.File); ok {
			rec.Secret = f.Secret
			rec.Diff = Diff(f, v.Contents[h.Name])
		}
		u.Emit("change", rec)
	}
}
