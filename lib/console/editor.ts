import {
  autocompletion,
  type Completion,
  type CompletionSource,
  completionKeymap,
  ifNotIn,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { SQLDialect, SQLite, sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, linter, lintKeymap } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightSpecialChars, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { LintView, SchemaView } from './api.ts';

/**
 * SQLite with the keywords of a SELECT alone, which is all that osquery runs. The others would be completed before columns,
 * and many are names of columns and tables, such as `state` and `groups`.
 */
const DIALECT = SQLDialect.define({
  ...SQLite.spec,
  keywords:
    'all and as asc between by case cast collate cross desc distinct else end escape except exists from full glob group ' +
    'having in inner intersect is isnull join left like limit match materialized natural not notnull offset on or order ' +
    'outer over partition recursive regexp right select then union using values when where window with',
  types: 'blob integer numeric real text',
  builtin: '', // words of the sqlite3 shell
});

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, class: 'sql-keyword' },
  { tag: [tags.string, tags.special(tags.string)], class: 'sql-string' },
  { tag: [tags.number, tags.bool, tags.null], class: 'sql-number' },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], class: 'sql-comment' },
]);

/**
 * Replaces selected lines by what is typed. The browser would do it with elements that carry inline styles, which the page's
 * policy refuses.
 */
const typedOverSelection = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    if (event.inputType !== 'insertText' || event.data === null || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type' });
    return true;
  },
});

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly text: string;
  readonly schema: SchemaView;
  /** The nonce of the style sheets that the editor adds; without it the page's content policy refuses them. */
  readonly nonce: string;
  readonly lint: (text: string) => Promise<LintView['problems']>;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
}

/** An editor of one osquery statement: it completes tables and columns, and shows what osquery would refuse. */
export function openEditor({ parent, text, schema, nonce, lint, onChange, onRun }: EditorOptions): EditorView {
  const run = () => {
    onRun();
    return true;
  };
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        keymap.of([{ key: 'Mod-Enter', run }]),
        history(),
        typedOverSelection,
        drawSelection(),
        highlightSpecialChars(),
        bracketMatching(),
        syntaxHighlighting(COLOURS),
        sql({ dialect: DIALECT, schema: completions(schema), upperCaseKeywords: true }),
        DIALECT.language.data.of({ autocomplete: columnsOf(schema) }),
        autocompletion({ icons: false }),
        linter(async (view) => diagnostics(await lint(view.state.doc.toString()), view.state.doc.length), {
          delay: 300,
        }),
        placeholder('SELECT … FROM …'),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': 'SQL' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
        keymap.of([...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap]),
      ],
    }),
  });
}

type Table = SchemaView['tables'][number];

/** Tables, and the columns after `table.`. */
const completions = ({ tables }: SchemaView) =>
  Object.fromEntries(
    tables.map(({ name, platforms, columns }) => [
      name,
      {
        self: { label: name, type: 'type', detail: platforms.length === 3 ? '' : platforms.join(', ') },
        children: columns.map(columnCompletion),
      },
    ]),
  );

/** The columns of the tables that the statement names, before tables and keywords. */
const columnsOf = ({ tables }: SchemaView): CompletionSource =>
  ifNotIn(['String', 'QuotedIdentifier', 'LineComment', 'BlockComment', '.'], (context) => {
    const word = context.matchBefore(/\w+$/);
    if ((!word && !context.explicit) || context.matchBefore(/\.\w*$/)) return null;
    const words = new Set(context.state.doc.toString().toLowerCase().match(/\w+/g));
    const columns = tables.filter(({ name }) => words.has(name)).flatMap((table) => table.columns);
    const byName = new Map(columns.map((column) => [column[0], column]));
    return { from: word?.from ?? context.pos, options: [...byName.values()].map(columnCompletion), validFor: /^\w*$/ };
  });

const columnCompletion = ([label, type, isRequired]: Table['columns'][number]): Completion => ({
  label,
  type: 'property',
  detail: isRequired ? `${type.toLowerCase()}, required` : type.toLowerCase(),
  boost: isRequired ? 3 : 2,
});

const diagnostics = (problems: LintView['problems'], length: number): Diagnostic[] =>
  problems.map(({ severity, message, offset, hint }) => {
    const from = Math.min(offset, Math.max(0, length - 1));
    return { from, to: Math.min(length, from + 1), severity, message: hint ? `${message}. ${hint}` : message };
  });
