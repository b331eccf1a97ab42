/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { type FormProblem, TextField } from "../admin/field.tsx";

interface ChannelFieldProps {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly value: string;
  /** Suggested names; others can be typed. */
  readonly channels: readonly string[];
  readonly problem: FormProblem | undefined;
}

/** A field for the name of a channel, which can be a new one. */
export function ChannelField({ channels, ...field }: ChannelFieldProps): JSX.Element {
  const list = `${field.id}-suggestions`;
  return (
    <>
      <TextField
        {...field}
        list={list}
        required
        pattern="[a-z0-9][a-z0-9\-]{0,31}"
        title="1 to 32 lower-case letters, digits and hyphens"
      />
      <datalist id={list}>
        {[...new Set(["release", "beta", ...channels])].map((name) => (
          <option value={name} />
        ))}
      </datalist>
    </>
  );
}
