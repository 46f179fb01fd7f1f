package doctor

// scrapeChecks lists the checks of the family scrape.
func scrapeChecks() []Check {
	return []Check{}
}
