// The frame around every view.
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { AlertsView } from "./alerts/alerts";
import { call, Failure } from "./api/client";
import { useLive } from "./api/live";
import { ClockBanner, ClockMark, ClockProvider, useClockReading } from "./clock/clock";
import { HostsView } from "./hosts/hosts";
import { dictionaries, type Language, TextProvider, useText } from "./i18n";
import { FailureNotice, Skeleton } from "./parts/notice";
import { Starting } from "./parts/starting";
import { link, useRoute, type View, views } from "./route";
import { type Settings, type Theme, useSettings } from "./settings";
import { StorageView } from "./storage/storage";
import { TargetsView } from "./targets/targets";

export function App() {
  const settings = useSettings();
  const clock = useClockReading();
  const starting = clock.failure?.kind === "unavailable";
  return (
    <TextProvider value={dictionaries[settings.language]}>
      <ClockProvider value={clock}>
        <Frame settings={settings} ready={clock.data !== undefined || (clock.failure !== undefined && !starting)} starting={starting} />
      </ClockProvider>
    </TextProvider>
  );
}

/**
 * ready: the server's time is known (or cannot be), so that no view asks for the wrong moment first. starting: it reads its data, and
 * answers nothing else yet; a page that was there before keeps what it has shown.
 */
function Frame({ settings, ready, starting }: { settings: Settings; ready: boolean; starting: boolean }) {
  const text = useText();
  const { view } = useRoute();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${text.app.views[view]} · monctl`;
  }, [view, text]);
  useEffect(() => {
    // After a change of view a keyboard starts at its top; on the first load the browser's own order holds.
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [view]);
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => (e.preventDefault(), main.current?.focus())}>{text.app.skip}</a>
      <header>
        <a class="brand" href={link("hosts")}><Mark /> monctl</a>
        <nav aria-label={text.app.navigation}>
          {views.map((v) => <a key={v} href={link(v)} aria-current={v === view ? "page" : undefined}>{text.app.views[v]}</a>)}
        </nav>
        <ClockMark />
        <Choices settings={settings} />
      </header>
      <main id="main" ref={main} tabIndex={-1} class={`view-${view}`}>
        <ClockBanner />
        {starting && <Starting />}
        {ready ? <Shown view={view} /> : !starting && <Skeleton rows={5} />}
      </main>
      <Footer />
    </>
  );
}

function Shown({ view }: { view: View }) {
  switch (view) {
    case "hosts": return <HostsView />;
    case "query": return <QueryLater />;
    case "targets": return <TargetsView />;
    case "alerts": return <AlertsView />;
    case "storage": return <StorageView />;
  }
}

/** The editor and the graphs are three quarters of the page's code: they come when they are wanted. */
function QueryLater() {
  const [loaded, setLoaded] = useState<{ View?: ComponentType; failure?: Failure }>({});
  useEffect(() => {
    import("./query/query").then(
      ({ default: View }) => setLoaded({ View }),
      (error) => setLoaded({ failure: new Failure("unreachable", String(error)) }),
    );
  }, []);
  if (loaded.failure) return <FailureNotice failure={loaded.failure} />;
  return loaded.View ? <loaded.View /> : <Skeleton rows={6} />;
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <rect width="32" height="32" rx="7" class="tile" />
      <path d="M4 18h6l3-9 6 15 3-6h6" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

function Choices({ settings }: { settings: Settings }) {
  const text = useText();
  return (
    <span class="choices">
      <select aria-label={text.app.theme} title={text.app.theme} value={settings.theme} onChange={(e) => settings.setTheme(e.currentTarget.value as Theme)}>
        {(["system", "light", "dark"] as const).map((theme) => <option key={theme} value={theme}>{text.app.themes[theme]}</option>)}
      </select>
      <select aria-label={text.app.language} title={text.app.language} value={settings.language} onChange={(e) => settings.setLanguage(e.currentTarget.value as Language)}>
        <option value="en" lang="en">English</option>
        <option value="ko" lang="ko">한국어</option>
      </select>
    </span>
  );
}

function Footer() {
  const text = useText();
  const build = useLive("buildinfo", 0, async (signal) => (await call<{ version: string }>("status/buildinfo", signal)).data);
  return (
    <footer>
      {build.data && <span class="num">{text.app.version(build.data.version)}</span>}
      <a href="./licenses.txt">{text.app.licenses}</a>
    </footer>
  );
}
