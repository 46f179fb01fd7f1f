package doctor

// scrapeChecks lists the checks of the family scrape.
func scrapeChecks() []Check {
	return []Check{
		scrapeConfigReload(),
		scrapeFileSD(),
		scrapeDiscovery(),
		scrapeRelabelledAway(),
		scrapeNoTargets(),
		scrapeDuplicateTargets(),
		scrapeHostDown(),
		scrapeFirewall(),
		scrapeRefused(),
		scrapeBoundToLocalhost(),
		scrapeLocalhost(),
		scrapeName(),
		scrapeTLS(),
		scrapeScheme(),
		scrapeAuth(),
		scrapePath(),
		scrapeContent(),
		scrapeLimit(),
		scrapeSlow(),
		scrapeExporterError(),
		scrapeStale(),
		scrapeInterval(),
		scrapeInstanceLabel(),
		scrapeNotScraped(),
		scrapeCollectors(),
		scrapeRemoteWrite(),
	}
}
