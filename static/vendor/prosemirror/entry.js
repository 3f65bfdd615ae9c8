// The parts of ProseMirror that static/mail/editor.js uses, as one global: PM.
export * as commands from "prosemirror-commands";
export * as dropcursor from "prosemirror-dropcursor";
export * as gapcursor from "prosemirror-gapcursor";
export * as history from "prosemirror-history";
export * as inputrules from "prosemirror-inputrules";
export * as keymap from "prosemirror-keymap";
export * as model from "prosemirror-model";
export { imeSpan } from "prosemirror-safari-ime-span";
export * as schemaList from "prosemirror-schema-list";
export * as state from "prosemirror-state";
export * as transform from "prosemirror-transform";
export * as view from "prosemirror-view";
