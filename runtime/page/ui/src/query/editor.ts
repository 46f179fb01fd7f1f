// The PromQL editor: CodeMirror with the Prometheus project's language and completion. It lives in a shadow root, because
// CodeMirror then adds its styles as style sheet objects; in the document it would add <style>, which the page's policy forbids.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";
import { address } from "../api/client";

export interface EditorOptions {
  value: string;
  label: string;
  hint: string;
  changed: (value: string) => void;
  run: () => void;
}

export interface Editor {
  set: (value: string) => void;
  focus: () => void;
  destroy: () => void;
}

const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "transparent", fontSize: "var(--mono-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--ink)", padding: "0.55em 0" },
  ".cm-line": { padding: "0 0.75em" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-placeholder": { color: "var(--muted)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--select)", outline: "1px solid var(--line)" },
  ".cm-selectionBackground, ::selection": { backgroundColor: "var(--select) !important" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "8px", boxShadow: "var(--shadow)", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "18em", minWidth: "16em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.25em 0.75em", lineHeight: "1.5" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { color: "inherit", opacity: "0.75", fontStyle: "normal", marginLeft: "1em" },
  ".cm-completionIcon": { display: "none" },
  ".cm-tooltip.cm-completionInfo": { padding: "0.5em 0.75em", maxWidth: "28em", fontFamily: "var(--sans)" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", padding: "0.4em 0.75em" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--bad)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
});

const highlight = HighlightStyle.define([
  { tag: tags.number, color: "var(--code-number)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-word)", fontWeight: "600" },
  { tag: [tags.function(tags.variableName), tags.standard(tags.name)], color: "var(--code-word)" },
  { tag: tags.labelName, color: "var(--code-label)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
]);

function language(): PromQLExtension {
  const url = address(".").replace(/\/$/, "");
  return new PromQLExtension().setComplete({ maxMetricsMetadata: 10_000, remote: { url, lookbackInterval: 12 * 3_600_000, httpErrorHandler: () => undefined } });
}

export function createEditor(host: HTMLElement, o: EditorOptions): Editor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const promql = language();
  const run = (view: EditorView) => {
    if (completionStatus(view.state) === "active") return false;
    o.run();
    return true;
  };
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: o.value,
      extensions: [
        history(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false }),
        syntaxHighlighting(highlight),
        EditorView.lineWrapping,
        theme,
        placeholder(o.hint),
        promql.asExtension(),
        EditorView.contentAttributes.of({ "aria-label": o.label, spellcheck: "false", autocapitalize: "off" }),
        EditorView.updateListener.of((update) => update.docChanged && o.changed(update.state.doc.toString())),
        Prec.high(keymap.of([{ key: "Enter", run, shift: insertNewlineAndIndent }, { key: "Ctrl-Enter", run, preventDefault: true }])),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
      ],
    }),
  });
  return {
    set: (value) => {
      if (value !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
    },
    focus: () => view.focus(),
    destroy: () => (view.destroy(), promql.destroy()),
  };
}
