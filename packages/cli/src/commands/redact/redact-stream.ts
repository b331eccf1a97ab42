import { hash } from "node:crypto";
import { Transform } from "node:stream";
import { type FoundToken, tokenText } from "../../log-files/find-tokens.ts";
import { createTokenBlocks, type TokenBlock } from "../../log-files/token-blocks.ts";

/** Makes a filter that puts the fingerprint in the place of every token and leaves all other bytes as they are. */
export function createRedactStream(parameter: string): Transform {
  const blocks = createTokenBlocks(parameter);
  const fingerprint = createFingerprinter();

  function redact({ bytes, tokens }: TokenBlock): Buffer {
    if (tokens.length === 0) return bytes;
    const pieces: Buffer[] = [];
    let from = 0;
    for (const token of tokens) {
      pieces.push(bytes.subarray(from, token.start), fingerprint(bytes, token));
      from = token.end;
    }
    pieces.push(bytes.subarray(from));
    return Buffer.concat(pieces);
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, redact(blocks.next(chunk)));
    },
    flush(done) {
      done(null, redact(blocks.last()));
    },
  });
}

const mostRemembered = 1000;

/** One device asks several times with one token, so the last ones are remembered. */
function createFingerprinter(): (bytes: Buffer, token: FoundToken) => Buffer {
  let known = new Map<string, Buffer>();
  return (bytes, token) => {
    const raw = bytes.toString("latin1", token.start, token.end);
    const remembered = known.get(raw);
    if (remembered) return remembered;
    // The same as core's fingerprintToken, but without a promise for each of a million tokens.
    const made = Buffer.from(hash("sha256", tokenText(bytes, token)).slice(0, 8));
    if (known.size >= mostRemembered) known = new Map();
    known.set(raw, made);
    return made;
  };
}
