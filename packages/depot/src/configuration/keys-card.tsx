/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { Badge } from "../admin/page.tsx";
import { Time } from "../admin/time.tsx";
import type { VerificationKey } from "./verification-keys.ts";

/** The public keys whose tokens are accepted. */
export function KeysCard({
  keys,
  signing,
}: {
  readonly keys: readonly VerificationKey[];
  readonly signing: string | undefined;
}): JSX.Element {
  return (
    <section class="card" aria-labelledby="keys">
      <h2 id="keys">Public keys</h2>
      {keys.length === 0 && <p class="faint">None: every download is refused.</p>}
      {keys.map(({ keyId, pem, acceptedUntil }) => (
        <div class="key">
          <p>
            <code>{keyId}</code>{" "}
            {keyId === signing ? (
              <Badge kind="good">signs tokens</Badge>
            ) : (
              <Badge kind="warn">
                accepted until {acceptedUntil === undefined ? "it is replaced" : <Time at={acceptedUntil} />}
              </Badge>
            )}
          </p>
          <details>
            <summary>Public key, for other servers that check these tokens</summary>
            <pre tabindex={0}>{pem}</pre>
          </details>
        </div>
      ))}
    </section>
  );
}
