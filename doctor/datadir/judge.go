package datadir

// judge draws the conclusions of an inspection: verdict and advice.
func judge(i *Inspection) {
	i.Verdict = Healthy
	if i.Open != nil {
		i.Verdict = Interrupted
	}
}
