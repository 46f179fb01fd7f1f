package inventory

// document is the file as it is written. The same structs give the JSON Schema, so a key, its type and its
// description stand in one place.
type document struct {
	Defaults   defaultsEntry         `json:"defaults,omitempty" jsonschema_description:"For every host; what a host says itself wins."`
	Hosts      named[hostEntry]      `json:"hosts" jsonschema_description:"The machines, by a name of your choice: letters, digits, dot, underscore and dash."`
	Components named[componentEntry] `json:"components,omitempty" jsonschema_description:"Settings of components, and which hosts run them when the hosts do not say so themselves."`
	Apps       entries[appEntry]     `json:"apps,omitempty" jsonschema_description:"Programs of your own: scraped, their logs shipped, shown."`
	Mirror     mirrorEntry           `json:"mirror,omitempty" jsonschema_description:"Base URL that replaces the upstream download sites, or one URL for each."`
	Fetch      text                  `json:"fetch,omitempty" jsonschema:"enum=controller,enum=host,default=controller" jsonschema_description:"Who downloads releases: this machine once (controller), or every host for itself (host)."`
	Fallback   text                  `json:"fallback,omitempty" jsonschema:"enum=ask,enum=auto,enum=never,default=ask" jsonschema_description:"When the release of Prometheus cannot be had: take the bundled monitor after asking (ask), unasked (auto), or fail (never)."`
	Parallel   number                `json:"parallel,omitempty" jsonschema:"minimum=1,maximum=512,default=32" jsonschema_description:"Hosts worked on at once."`
	Catalog    text                  `json:"catalog,omitempty" jsonschema:"example=./ours" jsonschema_description:"Folder with components of your own; relative to this file."`
}

// login is how a host is reached.
type login struct {
	User text   `json:"user,omitempty" jsonschema:"example=ubuntu" jsonschema_description:"Login name. Left out: what ssh_config says, then the current user."`
	Port number `json:"port,omitempty" jsonschema:"minimum=1,maximum=65535,example=22" jsonschema_description:"TCP port of sshd. Left out: what ssh_config says, then 22."`
	Key  texts  `json:"key,omitempty" jsonschema_description:"Private key file, or a list of them. Left out: the agent, what ssh_config says, then the usual files."`
	Keys texts  `json:"keys,omitempty" jsonschema_description:"The same as key."`
	Jump text   `json:"jump,omitempty" jsonschema:"example=ops@bastion:22" jsonschema_description:"Jump host as [user@]host[:port]; several with commas; none for no jump host."`
	Sudo text   `json:"sudo,omitempty" jsonschema:"enum=auto,enum=never,default=auto" jsonschema_description:"How to become root: auto uses sudo unless the login is root; never logs in as root already."`
}

type defaultsEntry struct {
	login
	Labels named[text] `json:"labels,omitempty" jsonschema_description:"Labels of every host; a host's own label of the same name wins."`
}

func (e *defaultsEntry) decode(d *decoder, path string, n node) {
	if n.kind != null && d.want(path, n, "a mapping", mapping) {
		d.fields(path, n, e, nil)
	}
}

type hostEntry struct {
	Address text `json:"address,omitempty" jsonschema:"example=172.16.85.31,example=localhost" jsonschema_description:"Host name, ssh_config alias or IP address; localhost needs no SSH. Left out: the name of the host."`
	login
	ScrapeAddress text        `json:"scrape_address,omitempty" jsonschema:"example=10.0.0.31" jsonschema_description:"How other hosts reach this one, when different from address."`
	Labels        named[text] `json:"labels,omitempty" jsonschema_description:"Labels of the host, attached to all that is measured on it."`
	Components    texts       `json:"components,omitempty" jsonschema_description:"What this host runs."`

	short *text // the short form: [user@]host[:port]
}

func (e *hostEntry) decode(d *decoder, path string, n node) {
	switch n.kind {
	case null:
	case scalar:
		e.short = &text{}
		e.short.decode(d, path, n)
	default:
		if d.want(path, n, "an address or a mapping", mapping) {
			d.fields(path, n, e, nil)
		}
	}
}

type componentEntry struct {
	Version text  `json:"version,omitempty" jsonschema:"example=latest,example=lts,example=1.12.1" jsonschema_description:"latest, lts or an exact version. Left out: the newest one whose checksum is known."`
	Hosts   texts `json:"hosts,omitempty" jsonschema_description:"Names of the hosts that run it, or all."`

	settings map[string]Setting
}

func (e *componentEntry) decode(d *decoder, path string, n node) {
	switch n.kind {
	case null:
	case scalar:
		e.Version.decode(d, path, n)
	default:
		if d.want(path, n, "a version or a mapping of settings", mapping) {
			d.fields(path, n, e, func(s entry) { e.setting(d, under(path, s.key), s) })
		}
	}
}

func (e *componentEntry) setting(d *decoder, path string, s entry) {
	if empty := firstNull(s.value); empty != nil {
		d.fail(empty.pos, path, "is empty: give a value or remove the line")
		return
	}
	if e.settings == nil {
		e.settings = map[string]Setting{}
	}
	e.settings[s.key] = Setting{Value: plain(s.value), Pos: s.value.pos, KeyPos: s.pos}
}

func firstNull(n node) *node {
	if n.kind == null {
		return &n
	}
	for _, item := range n.items {
		if found := firstNull(item); found != nil {
			return found
		}
	}
	for _, e := range n.entries {
		if found := firstNull(e.value); found != nil {
			return found
		}
	}
	return nil
}

type mirrorEntry struct {
	GitHub     text `json:"github,omitempty" jsonschema_description:"Replaces https://github.com."`
	Grafana    text `json:"grafana,omitempty" jsonschema_description:"Replaces https://dl.grafana.com."`
	GrafanaAPI text `json:"grafana_api,omitempty" jsonschema_description:"Replaces https://grafana.com."`
	Prometheus text `json:"prometheus,omitempty" jsonschema_description:"Replaces https://prometheus.io."`

	all text // the short form
}

func (e *mirrorEntry) decode(d *decoder, path string, n node) {
	if n.kind == mapping {
		d.fields(path, n, e, nil)
		return
	}
	e.all.decode(d, path, n)
}
