package page_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// One world and one tab serve the tests that only look; each opens its own view.
func TestViews(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t, w, "en-US")
	tests := []struct {
		name string
		test func(*testing.T, *world, *browser)
	}{
		{"hosts", testHosts},
		{"query", testQuery},
		{"compare", testCompare},
		{"errors", testErrors},
		{"storage", testStorage},
		{"alerts", testAlerts},
		{"clock", testClock},
		{"doctor", testDoctor},
		{"keyboard", testKeyboard},
		{"language and theme", testChoices},
		{"calm", testCalm},
		{"names", testNames},
		{"reading", testReading},
		{"unreachable", testUnreachable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			b.size(1440, 900)
			w.setClock(wellClock)
			w.setBlocks(nil)
			w.setDoctor(nil)
			test.test(t, w, b)
			b.judge()
		})
	}
	b.t = t
}

func testHosts(t *testing.T, _ *world, b *browser) {
	b.open("#/hosts", "table.hosts tbody tr")
	b.says("2 hosts, all answering")
	b.holds(`[...document.querySelectorAll(".hosts td:nth-child(2) .value")].every(e => / %/.test(e.textContent))`)
	b.holds(`document.querySelector(".hosts .spark path").getAttribute("d").length > 10`)
	// A cell is a question: it opens as a query for this host alone, and that has an answer.
	b.run("click a cell", chromedp.Click(chromedp.CSS(".hosts td:nth-child(2) a")))
	b.holds(`location.hash.startsWith("#/query?") && decodeURIComponent(location.hash).includes("instance=")`)
	b.shows(".legend li button")
	if n := value[int](b, `document.querySelectorAll(".legend li").length`); n != 1 {
		t.Errorf("%d series for one host", n)
	}
}

// focusEditor puts the cursor into the first editor, as a click does.
func (b *browser) focusEditor() {
	b.t.Helper()
	b.holds(`document.querySelector(".editor")?.shadowRoot?.querySelector(".cm-content")`)
	b.run("click the editor", chromedp.Click(chromedp.CSS(".editor")))
	b.holds(`document.querySelector(".editor").shadowRoot.activeElement?.classList.contains("cm-content")`)
}

func (b *browser) keys(keys string, options ...chromedp.KeyOption) {
	b.t.Helper()
	b.run("press keys", chromedp.KeyEvent(keys, options...))
}

const drawnPixels = `(() => {
	const c = document.querySelector(".canvas canvas");
	if (!c) return 0;
	const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
	const colours = new Set();
	for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
	return colours.size;
})()`

// A query is typed with completion, run, plotted, zoomed, moved, shown as a table and shared.
func testQuery(t *testing.T, w *world, b *browser) {
	b.open("#/query", ".editor")
	b.says("Type a query to see a graph")
	b.focusEditor()
	b.keys("node_loa")
	b.holds(`[...(document.querySelector(".editor").shadowRoot.querySelectorAll("[role=option]"))].some(e => e.textContent.includes("node_load15"))`)
	b.picture("completion")
	b.holds(`document.querySelector(".editor").shadowRoot.querySelector("[role=option][aria-selected=true]")`)
	time.Sleep(100 * time.Millisecond) // CodeMirror takes no choice in the first 75 ms, lest a typed Enter chooses
	b.keys(kb.Enter)
	b.holds(`/^node_load(1|5|15)$/.test(document.querySelector(".editor").shadowRoot.querySelector(".cm-content").textContent)`)
	b.keys(kb.Enter)
	b.shows(".legend li button")
	b.holds(`/[0-9]/.test(document.querySelector(".legend li .num").textContent)`)
	if colours := value[int](b, drawnPixels); colours < 3 {
		t.Errorf("the graph has %d colours: nothing is drawn", colours)
	}
	if hash := value[string](b, "location.hash"); !strings.Contains(hash, "g0.expr=node_load") {
		t.Errorf("address %s", hash)
	}
	// A drag over the graph shows that part of the time.
	box := value[[]float64](b, `(() => { const r = document.querySelector(".u-over").getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`)
	b.run("drag", chromedp.DragAndDropXY(box[0]+box[2]*0.5, box[1]+box[3]/2, box[0]+box[2]*0.75, box[1]+box[3]/2))
	b.holds(`location.hash.includes("g0.end_input=") && location.hash.includes("g0.range_input=15m")`)
	// The same by keyboard: back to the last hour, then earlier, then closer.
	b.run("focus the graph", chromedp.Focus(chromedp.CSS(".graph")))
	b.keys("0")
	b.holds(`location.hash.includes("range_input=1h") && !location.hash.includes("end_input")`)
	b.keys(kb.ArrowLeft)
	b.holds(`location.hash.includes("end_input=")`)
	b.keys("+")
	b.holds(`location.hash.includes("range_input=30m")`)
	b.run("browser back", chromedp.NavigateBack())
	b.holds(`location.hash.includes("range_input=1h")`)
	b.run("focus the graph", chromedp.Focus(chromedp.CSS(".graph")))
	b.keys("0")
	b.holds(`!location.hash.includes("end_input")`)
	// The table.
	b.run("table", chromedp.Click(chromedp.Search(`//button[text()="Table"]`)))
	b.shows(".result td")
	// The link says all of it, with a fixed end.
	b.run("share", chromedp.Click(chromedp.Search(`//button[text()="Share"]`)))
	b.holds(`document.querySelector(".share input")?.value.includes("end_input=") || document.querySelector(".share [role=status]").textContent !== ""`)
	// Another query beside it.
	b.run("add", chromedp.Click(chromedp.CSS("button.add")))
	b.holds(`document.querySelectorAll(".panel").length === 2`)
}

// Yesterday's samples are real: a block that promtool made.
func testCompare(t *testing.T, _ *world, b *browser) {
	end := time.Now().Add(-6 * time.Hour)
	b.open(fmt.Sprintf("#/query?g0.expr=wave&g0.range_input=2h&g0.end_input=%d", end.Unix()), ".legend li")
	b.open(fmt.Sprintf("#/query?g0.expr=wave&g0.range_input=2h&g0.end_input=%d", end.Add(24*time.Hour).Unix()), ".empty")
	b.says("No data")
	b.run("compare", chromedp.Click(chromedp.CSS(".timebar input[type=checkbox]")))
	b.says("a day before")
	b.holds(`/[0-9]/.test(document.querySelector(".legend li .num").textContent)`)
	if colours := value[int](b, drawnPixels); colours < 3 {
		t.Error("the day before is not drawn")
	}
	b.picture("compare")
}

func testErrors(t *testing.T, w *world, b *browser) {
	b.expect("400 (Bad Request)")
	b.expect("422 (Unprocessable Entity)")
	b.open("#/query?g0.expr=rate(up)", ".notice.bad")
	b.says("The query cannot be run")
	b.says("expected type range vector")
	b.picture("error")
	b.open("#/query?g0.expr=up%20*%20on(job)%20node_cpu_seconds_total", ".notice.bad")
	b.says("many-to-many")
	b.open("#/query?g0.expr=up&g0.range_input=1h", ".legend li")
	b.run("a wrong range", chromedp.SendKeys(chromedp.CSS(".timebar .joined input"), " fortnight"))
	b.says("Not a duration")
	b.open("#/query?g0.expr=no_such_metric", ".empty")
	b.says("No data")
	if w.monctl != "" { // 2.42 has no notes yet
		b.open("#/query?g0.expr=rate(node_load1%5B1m%5D)", ".notice.info")
		b.says("metric might not be a counter")
		b.picture("note")
	}
}

func testStorage(t *testing.T, w *world, b *browser) {
	if w.monctl != "" {
		b.open("#/storage", ".timeline .span:not(.head):not(.future)") // the block that promtool made
		b.holds(`document.querySelectorAll(".rank li").length > 10 && document.querySelector("#future") === null`)
		return
	}
	b.expect("status/tsdb/blocks") // the older server's 404
	b.open("#/storage", ".timeline .span.head")
	b.says("This server does not list its blocks")
	w.setBlocks(someBlocks(time.Now())[:4])
	b.open("#/storage", ".timeline .span:not(.head)")
	b.holds(`document.querySelector(".future, #future") === null`)
	w.setBlocks(someBlocks(time.Now()))
	b.open("#/storage", ".timeline .span.future")
	b.says("Data reaches 2 d 23 h into the future")
	b.says("monctl data repair")
	if right := value[bool](b, `document.querySelector(".span.future").getBoundingClientRect().left > document.querySelector("line.now").getBoundingClientRect().left`); !right {
		t.Error("the future is not to the right of now")
	}
	b.run("list of blocks", chromedp.Click(chromedp.CSS(".blocks summary")))
	b.says("in the future")
	b.holds(`document.querySelectorAll(".rank li").length > 10`)
}

func testAlerts(t *testing.T, _ *world, b *browser) {
	b.open("#/alerts", ".card.bad")
	b.says("TargetDown")
	b.says("does not answer")
	b.says("firing")
	b.says("pending")
	b.says("many-to-many matching not allowed") // a rule that fails says why
	b.run("filter", chromedp.SendKeys(chromedp.CSS("input[type=search]"), "quiet"))
	b.holds(`document.querySelectorAll(".card").length === 1`)
}

// The banner names whose clock is wrong.
func testClock(t *testing.T, w *world, b *browser) {
	if w.monctl != "" {
		b.open("#/alerts", ".mark.ok") // its own clock, asked for real
		testWrongBrowser(t, w)
		return
	}
	const days = 3 * 86400.0
	tests := []struct {
		name, says string
		answer     func() clockAnswer
	}{
		{"browser", "The clock of this browser's computer is 3 d ahead", func() clockAnswer { return clockAnswer{now() - days, &ntpState{0.001, 0.02, "ntp"}} }},
		{"server", "The clock of the server is 3 d ahead", func() clockAnswer { return clockAnswer{now() + days, &ntpState{-days, 0.02, "ntp"}} }},
		{"behind", "The clock of the server is 3 d behind", func() clockAnswer { return clockAnswer{now() - days, &ntpState{days, 0.02, "ntp"}} }},
		{"differ", "Which of the two is wrong cannot be told", func() clockAnswer { return clockAnswer{now() + days, nil} }},
	}
	for _, test := range tests {
		w.setClock(test.answer)
		b.open("#/alerts", "#clock-banner")
		b.says(test.says)
		b.picture("clock-" + test.name)
	}
	w.setClock(wellClock)
	b.open("#/alerts", ".mark.ok")
	b.holds(`document.querySelector("#clock-banner") === null`)
	testWrongBrowser(t, w)
}

// A browser whose clock is three days ahead says so, and still shows the server's present.
func testWrongBrowser(t *testing.T, w *world) {
	b := newBrowser(t, w, "en-US")
	b.run("set the browser's clock", command(cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{
		Source: `(() => { const now = Date.now; Date.now = () => now() + 3 * 86400e3; })()`,
	}))
	b.open("#/query?g0.expr=up&g0.range_input=5m", ".legend li")
	b.shows("#clock-banner")
	b.says("clock")
	b.says("3 d ahead")
	b.holds(`/[0-9]/.test(document.querySelector(".legend li .num").textContent)`)
}

// What the other tests rely on: the browser's complaints are heard.
func TestComplaintsAreHeard(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t, w, "en-US")
	b.open("#/alerts", ".card")
	for words, js := range map[string]string{
		"style-src":                "document.body.append(Object.assign(document.createElement('style'), { textContent: 'p { color: red }' }))",
		"trustedhtml":              "try { document.body.insertAdjacentHTML('beforeend', '<b>x</b>') } catch {}",
		"connect-src":              "fetch('http://127.0.0.1:9/').catch(() => {})",
		"console: \"a complaint\"": "console.error('a complaint')",
		"exception":                "setTimeout(() => { throw new Error('thrown') })",
		"404":                      "fetch('no-such-file')",
	} {
		b.run(words, chromedp.Evaluate[chromedp.Void]("void ("+"(() => { "+js+" })()"+")"))
		eventually(t, "heard of "+words, func() bool { return b.heard(words) })
	}
	b.forget()
}

// Everything can be reached with Tab, in the order it is seen, and the focus is always to be seen.
func testKeyboard(t *testing.T, _ *world, b *browser) {
	b.open("#/query?g0.expr=up", ".legend li button")
	b.keys(kb.Tab)
	b.holds(`document.activeElement.classList.contains("skip") && document.activeElement.getBoundingClientRect().top >= 0`)
	b.picture("skip-link")
	var walked []string
	for range 60 {
		b.keys(kb.Tab)
		what := value[string](b, `(() => {
			let e = document.activeElement;
			while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
			if (!e || e === document.body) return "";
			const frame = e.classList.contains("cm-content") ? document.querySelector(".editor") : e;
			const style = getComputedStyle(frame);
			const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
			return (seen ? "" : "UNSEEN ") + (e.getAttribute("aria-label") || e.innerText?.slice(0, 30) || e.value || e.tagName);
		})()`)
		if what == "" {
			break
		}
		walked = append(walked, strings.TrimSpace(what))
	}
	all := strings.Join(walked, " | ")
	if strings.Contains(all, "UNSEEN") {
		t.Errorf("the focus cannot be seen somewhere: %s", all)
	}
	at := 0
	for _, want := range []string{"monctl", "Hosts", "Storage", "Appearance", "Language", "Earlier", "Range", "Share", "PromQL expression 1", "Run", "Graph", "Table", "Graph. Left", "Add a query", "Licences"} {
		i := strings.Index(all[at:], want)
		if i < 0 {
			t.Fatalf("%q is not reached in its place with Tab: %s", want, all)
		}
		at += i
	}
	// Skip link: over the navigation, right into the content.
	b.open("#/targets", ".card")
	b.keys(kb.Tab)
	b.keys(kb.Enter)
	b.holds(`document.activeElement.id === "main"`)
	// A view is changed with the keyboard, and the focus goes to its top.
	b.run("focus a link", chromedp.Focus(chromedp.Search(`//nav/a[text()="Alerts"]`)))
	b.keys(kb.Enter)
	b.holds(`location.hash === "#/alerts" && document.activeElement.id === "main"`)
}

func testChoices(t *testing.T, _ *world, b *browser) {
	b.open("#/targets", ".card")
	choose := func(n int, value string) {
		b.run("choose "+value, chromedp.SetValue(chromedp.CSS(fmt.Sprintf(".choices select:nth-of-type(%d)", n)), value),
			chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`void document.querySelectorAll(".choices select")[%d].dispatchEvent(new Event("change", {bubbles: true}))`, n-1)))
	}
	choose(2, "ko")
	b.says("타깃")
	b.holds(`document.documentElement.lang === "ko" && document.title.includes("타깃")`)
	light := value[string](b, "getComputedStyle(document.documentElement).backgroundColor")
	choose(1, "dark")
	b.holds(fmt.Sprintf("getComputedStyle(document.documentElement).backgroundColor !== %q", light))
	// Both are kept.
	b.open("#/hosts", "table.hosts")
	b.holds(`document.documentElement.lang === "ko" && document.documentElement.dataset.theme === "dark"`)
	choose(2, "en")
	choose(1, "system")
	b.says("Hosts")
}

// lookAgain has the page read anew, as when somebody comes back to its tab, instead of waiting for its next turn.
func (b *browser) lookAgain() {
	b.t.Helper()
	b.run("look at the page again", chromedp.Evaluate[chromedp.Void](`void document.dispatchEvent(new Event("visibilitychange"))`))
}

// Refreshing moves nothing: no layout shift after the first drawing, and what is shown is never taken away.
func testCalm(t *testing.T, w *world, b *browser) {
	for view, ready := range map[string]string{"targets": ".card", "hosts": ".hosts tbody tr", "query?g0.expr=node_load1": ".legend li"} {
		b.open("#/"+view, ready)
		if w.monctl != "" && view == "targets" {
			b.shows(".verdict summary") // it has been: what comes once may move what is below
		}
		b.run("watch", chromedp.Evaluate[chromedp.Void](`void (() => {
			window.shift = 0; window.gone = 0; window.moved = [];
			new PerformanceObserver(l => { for (const e of l.getEntries()) {
				window.shift += e.value;
				window.moved.push(...e.sources.map(s => (s.node?.outerHTML ?? s.node?.textContent ?? "").slice(0, 80)));
			} }).observe({ type: "layout-shift" });
			new MutationObserver(() => { if (!document.querySelector(`+"`"+ready+"`"+`) || document.querySelector(".skeleton")) window.gone++; })
				.observe(document.querySelector("main"), { childList: true, subtree: true });
		})()`))
		for range 3 {
			time.Sleep(1100 * time.Millisecond) // the targets are scraped every second: numbers are to change
			b.run("count the answers", chromedp.Evaluate[chromedp.Void](`void (window.asked = performance.getEntriesByType("resource").length)`))
			b.lookAgain()
			b.holds(`performance.getEntriesByType("resource").length > window.asked`)
		}
		time.Sleep(300 * time.Millisecond)
		if shift := value[float64](b, "window.shift"); shift > 0.01 {
			t.Errorf("%s: refreshing moved the page by %v: %q", view, shift, value[[]string](b, "window.moved"))
		}
		if gone := value[int](b, "window.gone"); gone > 0 {
			t.Errorf("%s: what was shown was taken away %d times", view, gone)
		}
	}
}

// Everything that can be used has a name for those who do not see it.
func testNames(t *testing.T, _ *world, b *browser) {
	for view, ready := range map[string]string{"hosts": ".hosts tbody tr", "query?g0.expr=up": ".legend li", "targets": ".card", "alerts": ".card", "storage": ".rank li"} {
		b.expect("status/tsdb/blocks")
		b.open("#/"+view, ready)
		nameless := value[[]string](b, `[...document.querySelectorAll("a, button, input, select, summary, [tabindex='0']")]
			.filter(e => !(e.getAttribute("aria-label") || e.innerText?.trim() || e.labels?.length || e.title)).map(e => e.outerHTML.slice(0, 100))`)
		if len(nameless) > 0 {
			t.Errorf("%s: without a name: %q", view, nameless)
		}
		if n := value[int](b, `document.querySelectorAll("h1").length`); n != 1 {
			t.Errorf("%s: %d main headings", view, n)
		}
		low := value[[]string](b, lowContrast)
		if len(low) > 0 {
			t.Errorf("%s: too little contrast: %q", view, low)
		}
	}
}

// lowContrast lists texts below 4.5:1 (WCAG 2.2, 1.4.3) against the nearest opaque ground.
const lowContrast = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = c => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const lum = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const ground = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 250) return c; } return [255, 255, 255, 255]; };
	const bad = [];
	for (const e of document.querySelectorAll("main *, header *, footer *")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.closest("svg, :disabled, [aria-pressed=false]") || !e.checkVisibility()) continue;
		const [a, b] = [lum(rgba(getComputedStyle(e).color)), lum(ground(e))].sort((x, y) => y - x);
		if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(e.textContent.trim().slice(0, 30) + " " + ((a + 0.05) / (b + 0.05)).toFixed(2));
	}
	return bad.slice(0, 5);
})()`

// While the server reads its log the page says how far it is, and goes on by itself.
func testReading(_ *testing.T, w *world, b *browser) {
	b.expect("503")
	w.setReading(true)
	defer w.setReading(false)
	b.open("#/targets", "progress")
	b.says("The server is reading its data")
	b.says("segment 2 of 8")
	b.picture("reading")
	w.setReading(false)
	b.shows(".card")
	b.holds(`document.querySelector("progress") === null`)
}

// When the server goes away, what was read stays, and the page says that it is old.
func testUnreachable(t *testing.T, w *world, b *browser) {
	b.expect("502")
	b.expect("status/buildinfo")
	b.open("#/targets", ".card")
	w.setBroken(true)
	defer w.setBroken(false)
	b.lookAgain()
	b.shows(".notice.warn")
	b.says("Shown is what was last read")
	b.shows(".card")
	b.picture("unreachable")
	w.setBroken(false)
	b.lookAgain()
	b.holds(`document.querySelector(".notice.warn") === null`)
}

// verdictOn is an expression: the card of a target has these words of the doctor.
func verdictOn(target, words string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".card")].some(e => e.querySelector("a.code").textContent.includes(%q) && e.querySelector(".verdict")?.innerText.includes(%q))`, target, words)
}

// doctorSays is a stand-in for the answer of a monctl serve about the targets of the jobs login and website.
func doctorSays(t *testing.T, w *world, pending bool, says map[string]string) map[string]any {
	t.Helper()
	verdicts := []map[string]any{}
	for _, target := range w.targets(t) {
		words, ok := says[target.ScrapePool]
		if !ok {
			continue
		}
		level := "fail"
		if strings.HasPrefix(words, "cannot tell") {
			level = "unknown"
		}
		verdicts = append(verdicts, map[string]any{
			"targets": []map[string]string{{"pool": target.ScrapePool, "url": target.ScrapeURL}}, "check": "scrape/auth", "level": level, "title": words,
			"cause": "The cause of " + target.ScrapePool + ".", "fix": "systemctl start " + target.ScrapePool + "  (on vm1)",
			"evidence": []map[string]string{{"what": "listens on vm1", "text": "nothing at port 1"}},
		})
	}
	return map[string]any{"pending": pending, "at": now(), "took": 0.3, "failed": "", "host": "vm1", "root": false, "command": "sudo monctl doctor localhost", "verdicts": verdicts}
}

// The doctor's word comes onto the card when it is there, stays until another one has come, and is English on a Korean page, too.
func testDoctor(t *testing.T, w *world, b *browser) {
	if w.monctl != "" {
		b.open("#/targets", ".verdict")
		b.holds(verdictOn("no-such-host", "does not resolve"))
		b.holds(verdictOn("no-such-host", "scrape/name"))
		return
	}
	defer w.setDoctor(nil)
	w.setDoctor(doctorSays(t, w, true, nil))
	b.open("#/targets", ".card.bad")
	b.says("The doctor looks for the cause")
	b.says("The target wants a login (401)") // nothing waits for the doctor
	b.picture("doctor-looks")
	targets := w.targets(t)
	login := targets[slices.IndexFunc(targets, func(t target) bool { return t.ScrapePool == "login" })].ScrapeURL
	said := map[string]string{"login": "it wants a password", "website": "cannot tell: it was not asked"}
	w.setDoctor(doctorSays(t, w, false, said))
	b.says("it wants a password.")
	b.says("The cause of login.")
	b.says("systemctl start login")
	b.says("The doctor cannot tell")
	b.says("sudo monctl doctor localhost")
	b.run("evidence", chromedp.Evaluate[chromedp.Void](`void document.querySelector(".verdict summary").click()`)) // wherever it has moved to
	b.says("nothing at port 1")
	b.picture("doctor-said")
	w.setDoctor(doctorSays(t, w, true, map[string]string{"login": "it wants a password"}))
	b.holds(verdictOn(login, "it wants a password.") + " && " + verdictOn("no-such-host", "The doctor looks"))
	w.setDoctor(map[string]any{"pending": false, "at": now(), "failed": "the shell ended", "host": "", "command": "", "verdicts": []any{}})
	b.says("The doctor could not look")
	b.says("monctl doctor --only scrape/auth")
	w.setDoctor(doctorSays(t, w, false, said))
	korean := newBrowser(t, w, "ko-KR")
	korean.size(390, 844)
	korean.open("#/targets", ".verdict")
	korean.says("doctor가 찾은 원인")
	korean.holds(`document.querySelector(".verdict strong").closest("[lang]").lang === "en"`)
	korean.picture("doctor-said-phone-ko")
}

// A target that dies is red within seconds, with the reason in words, in both languages.
func TestTargetKilled(t *testing.T) {
	w := newWorld(t)
	w.ask(t, `up{job="node"} == 1`)
	b := newBrowser(t, w, "en-US")
	victim := strings.TrimPrefix(w.victim.Args[1], "--web.listen-address=")
	card := func(state string) string {
		return fmt.Sprintf(`[...document.querySelectorAll(".card.%s")].some(e => e.innerText.includes(%q))`, state, victim)
	}
	b.open("#/targets", ".card")
	b.holds(card("ok"))
	if err := w.victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	b.holds(card("bad"))
	b.holds(fmt.Sprintf(`[...document.querySelectorAll(".card.bad")].some(e => e.innerText.includes(%q) && e.innerText.includes("Nothing listens on that port"))`, victim))
	for _, words := range []string{"The name is unknown to DNS", "The target wants a login (401)", "A web page came back, not metrics"} {
		b.says(words)
	}
	if w.monctl != "" {
		b.holds(verdictOn(victim, "nothing listens at "+victim) + ` || ` + verdictOn(victim, "nothing listens there"))
	} else {
		b.says("monctl doctor --only scrape/refused") // a Prometheus has no doctor to ask
	}
	b.picture("target-killed")
	// The first card of its pool: what is wrong comes first.
	if !value[bool](b, fmt.Sprintf(`[...document.querySelectorAll(".pool")].find(p => p.innerText.startsWith("node")).querySelector(".card").innerText.includes(%q)`, victim)) {
		t.Error("the dead target is not the first of its pool")
	}
	b.open("#/hosts", ".silent")
	b.says("1 not answering")
	b.picture("host-silent")
}
