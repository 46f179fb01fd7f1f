package doctor

import "strconv"

func alertmanagerReady() Check {
	const id = "alertmanager/ready"
	return Check{
		ID: id, Title: "Alertmanager answers", On: []string{"alertmanager"}, After: []string{"alertmanager/config", "alertmanager/advertise"},
		Ask:   askAll([]string{"alertmanager"}, "/-/ready"),
		Judge: perComponent(id, []string{"alertmanager"}, func(_ Host, c Component) []Finding { return judgeReady(c, "/-/ready") }),
		Doc: Doc{
			Symptom:  "Its page does not open; Prometheus logs `Error sending alerts`.",
			Cause:    "It is starting, hangs, or answers below another path than asked (`--web.route-prefix`).",
			Evidence: "The answer to /-/ready, asked from the host itself; 200 is ready.",
			Fix:      "`journalctl -u UNIT -e`; restart it when it hangs.",
			Risk:     "low",
			Source:   "Alertmanager management API",
		},
	}
}

// judgeReady reads the answer to a ready path: 200 is ready.
func judgeReady(c Component, path string) []Finding {
	r, unknown := c.reply(path)
	switch {
	case c.Base == "":
		return unknown
	case unknown != nil && r.Err != "":
		return one(Fail, c.Name+" does not answer", "its process runs and "+path+" gives no answer on the host itself", "journalctl -u "+c.Name+" -e", Says(c.Base+path, r.Err))
	case unknown != nil:
		return unknown
	case r.Status == 401 || r.Status == 403:
		return nil // it answers; who may ask is another matter
	case r.Status != 200:
		return one(Fail, c.Name+" is not ready", "it answers "+path+" with status "+strconv.Itoa(r.Status), "journalctl -u "+c.Name+" -e", Says(c.Base+path, strconv.Itoa(r.Status)+" "+shortened(r.Body, 200)))
	}
	return nil
}
