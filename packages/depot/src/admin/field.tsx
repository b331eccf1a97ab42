/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";

/** What is wrong with a form that was sent. */
export interface FormProblem {
  /** The `id` of the field that it concerns; unset if it concerns none, or more than one. */
  readonly field?: string | undefined;
  readonly text: string;
}

interface FieldTexts {
  readonly id: string;
  readonly label: Child;
  /** What the field is for, or what it accepts. */
  readonly hint?: Child;
  /** Shown below the field if it concerns this one. */
  readonly problem?: FormProblem | undefined;
}

/** A field for one line of text, a number or a file; everything else is an attribute of its `input`. */
export function TextField({ id, label, hint, problem, ...attributes }: FieldTexts & Attributes<"input">): JSX.Element {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} name={id} {...attributes} {...fieldAttributes({ id, hint, problem })} />
      <FieldNotes {...{ id, hint, problem }} />
    </div>
  );
}

/** A field for one of a few values, its children. */
export function SelectField({
  id,
  label,
  hint,
  problem,
  ...attributes
}: FieldTexts & Attributes<"select">): JSX.Element {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} name={id} {...attributes} {...fieldAttributes({ id, hint, problem })} />
      <FieldNotes {...{ id, hint, problem }} />
    </div>
  );
}

/**
 * The attributes that any other field needs, so that screen readers read its notes with it, and it has the focus if it
 * is wrong.
 */
export function fieldAttributes({
  id,
  hint,
  problem,
}: Omit<FieldTexts, "label">): Readonly<Record<string, string | true>> {
  const isWrong = problem?.field === id;
  const notes = [...(isWrong ? [`${id}-problem`] : []), ...(hint === undefined ? [] : [`${id}-hint`])];
  return {
    ...(isWrong && { "aria-invalid": "true", autofocus: true }),
    ...(notes.length > 0 && { "aria-describedby": notes.join(" ") }),
  };
}

/** The notes below a field. */
export function FieldNotes({ id, hint, problem }: Omit<FieldTexts, "label">): JSX.Element {
  return (
    <>
      {problem?.field === id && (
        <p class="error" id={`${id}-problem`}>
          {problem.text}
        </p>
      )}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </>
  );
}

type Attributes<Name extends "input" | "select"> = Omit<JSX.IntrinsicElements[Name], "id" | "label">;
