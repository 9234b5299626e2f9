import { EditorView } from "@codemirror/view";

/** Colours come from page.css, so that dark mode is its business alone. */
const authors = ["#e0563e", "#c08a1e", "#5f9e2f", "#1f9e88", "#3f8bd6", "#8478ea", "#c05cc6", "#d85588"];

export const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "17px", color: "var(--ink)", backgroundColor: "var(--paper)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "1.65", overflow: "auto" },
  ".cm-content": { maxWidth: "46rem", margin: "0 auto", padding: "28px 18px 40vh", caretColor: "var(--accent)" },
  ".cm-content::selection, .cm-line::selection, .cm-line *::selection": { backgroundColor: "var(--select) !important" },
  ".cm-placeholder": { color: "var(--soft)" },
  ".cm-merged": { backgroundColor: "var(--merged)", borderRadius: "3px" },
  ...Object.fromEntries(authors.map((color, i) => [
    `.cm-author-${i}`, { backgroundColor: `color-mix(in srgb, ${color} 26%, transparent)`, borderBottom: `2px solid ${color}` },
  ])),
});
