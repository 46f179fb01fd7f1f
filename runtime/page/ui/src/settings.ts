// What a person chose for this browser: language and light or dark. Without a choice the browser's own settings hold.
import { useEffect, useState } from "preact/hooks";
import type { Language } from "./i18n";

export type Theme = "light" | "dark" | "system";

function stored(name: string): string | null {
  try {
    return localStorage.getItem(`monctl.${name}`);
  } catch {
    return null; // storage is switched off: settings last as long as the page
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(`monctl.${name}`, value);
  } catch {
    // see stored
  }
}

export function browserLanguage(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === "ko" || tag === "en");
  return known === "ko" ? "ko" : "en";
}

export interface Settings {
  language: Language;
  theme: Theme;
  dark: boolean;
  setLanguage: (language: Language) => void;
  setTheme: (theme: Theme) => void;
}

const preferredDark = matchMedia("(prefers-color-scheme: dark)");

export function useSettings(): Settings {
  const [language, setLanguage] = useState<Language>(() => {
    const chosen = stored("language");
    return chosen === "ko" || chosen === "en" ? chosen : browserLanguage(navigator.languages);
  });
  const [theme, setTheme] = useState<Theme>(() => {
    const chosen = stored("theme");
    return chosen === "light" || chosen === "dark" ? chosen : "system";
  });
  const [systemDark, setSystemDark] = useState(preferredDark.matches);
  useEffect(() => {
    const changed = () => setSystemDark(preferredDark.matches);
    preferredDark.addEventListener("change", changed);
    return () => preferredDark.removeEventListener("change", changed);
  }, []);
  const dark = theme === "system" ? systemDark : theme === "dark";
  document.documentElement.lang = language;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  return {
    language,
    theme,
    dark,
    setLanguage: (value) => (store("language", value), setLanguage(value)),
    setTheme: (value) => (store("theme", value), setTheme(value)),
  };
}
