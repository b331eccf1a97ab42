import { hash } from "node:crypto";
import { Transform } from "node:stream";
import { createTokenBlocks, type TokenBlock } from "../../log-files/token-blocks.ts";

/** Creates a filter that replaces every token by its fingerprint and leaves all other bytes unchanged. */
export function createRedactStream(parameter: string): Transform {
  const blocks = createTokenBlocks(parameter);
  const fingerprint = createFingerprinter();

  function redact({ text, tokens }: TokenBlock): Buffer {
    let redacted = "";
    let copied = 0;
    for (const { start, end, token } of tokens) {
      redacted += text.slice(copied, start) + fingerprint(token);
      copied = end;
    }
    return Buffer.from(redacted + text.slice(copied), "latin1");
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

const maxRemembered = 1000;

/** A device sends several requests with one token, so the most recent fingerprints are remembered. */
function createFingerprinter(): (token: string) => string {
  let known = new Map<string, string>();
  return (token) => {
    const remembered = known.get(token);
    if (remembered) return remembered;
    // The same as core's fingerprintToken, but without a promise for each of a million tokens.
    const fingerprint = hash("sha256", token).slice(0, 8);
    if (known.size >= maxRemembered) known = new Map();
    known.set(token, fingerprint);
    return fingerprint;
  };
}
