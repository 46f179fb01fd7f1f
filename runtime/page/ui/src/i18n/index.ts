import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en } from "./en";
import { ko } from "./ko";

// What every language has to say: the shape of the English dictionary, with any words.
type Words<T> = T extends string ? string : T extends (...args: infer A) => infer R ? (...args: A) => Words<R> : { [K in keyof T]: Words<T[K]> };

export type Dictionary = Words<typeof en>;
export type Language = "en" | "ko";

export const dictionaries: Record<Language, Dictionary> = { en, ko };

const Text = createContext<Dictionary>(en);
export const TextProvider = Text.Provider;
export const useText = () => useContext(Text);
