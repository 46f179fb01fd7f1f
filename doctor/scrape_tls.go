package doctor

import "strings"

func scrapeTLS() Check {
	return Check{
		ID: "scrape/tls", Title: "the certificates of the targets are accepted",
		After: []string{downAfter, "clock/offset"}, Ask: askDown,
		Judge: perTrouble("scrape/tls", troubleTLS, judgeTLS),
		Doc: Doc{
			Symptom:  "`x509: certificate has expired or is not yet valid`, `x509: certificate signed by unknown authority`, `x509: certificate is valid for A, not B`, `remote error: tls: …`",
			Cause:    "The certificate is too old, or a clock is wrong; its authority is not in ca_file; the target's name is not in it; or the exporter wants a client certificate.",
			Evidence: "The error of Go's crypto/x509 in Prometheus itself.",
			Fix:      "Renew it, name its ca_file, or set tls_config.server_name. insecure_skip_verify is no cure.",
			Risk:     "None.",
			Source:   "Go crypto/x509; prometheus docs/configuration/configuration.md (tls_config)",
		},
	}
}

func judgeTLS(d downTarget) Finding {
	found := Finding{Title: "the certificate of " + d.name() + " is not accepted"}
	is := func(text string) bool { return strings.Contains(d.LastError, text) }
	switch {
	case is("not yet valid") && is("is before"):
		found.Title = "the certificate of " + d.name() + " is not valid yet"
		found.Cause, found.Fix = "By the clock of "+d.server.Host.Name+" it begins in the future: a clock is wrong, here or where it was made.", "monctl doctor time-drift"
	case is("expired"):
		found.Title = "the certificate of " + d.name() + " has expired"
		found.Cause, found.Fix = "It is too old by the clock of "+d.server.Host.Name+".", "renew the certificate on "+d.on()+"; look at the clock first: monctl doctor time-drift"
	case is("unknown authority"), is("self-signed"), is("self signed"):
		found.Cause, found.Fix = "Who signed it is not in the ca_file of the job.", "set tls_config.ca_file of job "+d.Labels["job"]+" to the authority's certificate"
	case is("is valid for"), is("doesn't contain any IP SANs"), is("not valid for any names"), is("legacy Common Name"), is("cannot validate certificate"):
		found.Cause, found.Fix = "The name or address of the target is not in it.", "make a certificate for "+d.hostname()+", or set tls_config.server_name to a name that it has"
	case is("bad certificate"), is("certificate required"):
		found.Title = d.name() + " wants a client certificate"
		found.Cause, found.Fix = "The exporter asks Prometheus for a certificate and got none that it accepts.", "set tls_config.cert_file and key_file of job "+d.Labels["job"]
	default:
		found.Cause, found.Fix = "The TLS handshake fails: versions or certificates do not fit.", "openssl s_client -connect "+quote(d.address())+"  (on "+d.server.Host.Name+")"
	}
	return found
}
