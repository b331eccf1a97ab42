import type { Writable } from "node:stream";
import pico from "picocolors";
import { withoutControls } from "./safe-text.ts";
import { wrapMessage } from "./wrap-text.ts";

/** An output stream; a terminal says so and knows its width. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Colours that are plain text where colour is not wanted. */
export type Colours = ReturnType<typeof pico.createColors>;

/** An output stream, with methods for text that people read. */
export interface Terminal {
  /** Writes one line. */
  line(text?: string): void;
  /** Writes text for people: in a terminal, its lines break between words, and a command to be pasted stays on one line. */
  sentence(text: string): void;
  /** Writes a warning, as {@link Terminal.sentence} does. */
  warning(text: string): void;
  /** Writes a value as JSON in one line, without characters that could control a terminal. */
  json(value: unknown): void;
  /** Resolves when everything has been written, with the error if something could not be. */
  written(): Promise<Error | undefined>;
  readonly colours: Colours;
  /** Whether a person is looking: tables, progress and questions only then. */
  readonly isTerminal: boolean;
  /** Whether a line can be erased and written again: not on a terminal that understands no escape sequences. */
  readonly canErase: boolean;
  /** In characters, at this moment, since a window can be resized; 80 if it is not known. */
  readonly width: number;
}

/** The environment variables that say whether colour is wanted. */
type ColourVariables = { readonly [Name in "NO_COLOR" | "FORCE_COLOR" | "TERM"]?: string | undefined };

/** Creates a terminal for an output stream; respects `NO_COLOR` and `FORCE_COLOR` (no-color.org). */
export function createTerminal(stream: OutputStream, env: ColourVariables): Terminal {
  const isTerminal = stream.isTTY === true;
  let problem: Error | undefined;
  let last: Promise<void> = Promise.resolve();
  function line(text = ""): void {
    last = new Promise((resolve) => {
      stream.write(`${text}\n`, (error) => {
        problem ??= error ?? undefined;
        resolve();
      });
    });
  }
  const colours = pico.createColors(wantsColour(isTerminal, env));
  const sentence = (text: string): void => line(isTerminal ? wrapMessage(text, stream.columns || 80) : text);
  return {
    line,
    sentence,
    warning: (text) => sentence(`${colours.yellow("warning:")} ${text}`),
    json: (value) => line(withoutControls(JSON.stringify(value))),
    written: () => last.then(() => problem),
    colours,
    isTerminal,
    canErase: isTerminal && env.TERM !== "dumb",
    get width() {
      return stream.columns || 80;
    },
  };
}

function wantsColour(isTerminal: boolean, { NO_COLOR, FORCE_COLOR, TERM }: ColourVariables): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0";
  return isTerminal && TERM !== "dumb";
}
