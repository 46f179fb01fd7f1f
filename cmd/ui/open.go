package ui

// Opening is a page that can be looked at.
type Opening struct {
	Component string `json:"component"`
	Host      string `json:"host"`
	Address   string `json:"address"`
	Secret    bool   `json:"-"` // it asks for a login that monctl knows
	Local     bool   `json:"-"` // its host is this machine
}

// Opened prints where a page is. The address is the answer: it is alone on its line.
func (u *UI) Opened(o Opening) {
	u.Emit("open", o)
	u.Print("%s", o.Address)
	way, hint := ", through SSH", ""
	if o.Local {
		way = ""
	}
	if o.Secret {
		hint = "; its login: monctl secrets show " + o.Component
	}
	u.Say("%s on %s%s, until Ctrl-C%s", o.Component, o.Host, way, hint)
}
