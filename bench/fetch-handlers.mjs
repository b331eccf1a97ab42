import { createGate } from "../packages/core/dist/index.js";
import { guard } from "../packages/web-fetch/dist/index.js";

const bare = () => new Response("the file", { headers: { "Cache-Control": "private" } });

/** Handlers that are measured in Bun, Deno and workerd. All send the same headers. */
export function fetchHandlers(keys) {
  const gate = createGate({ keys });
  const verify = createVerifier(keys);
  return {
    bare,
    copying: async (request) => bare(new Request(request.url.split("?")[0], request)),
    verifying: async ({ url }) => ((await verify(url.slice(url.indexOf("token=") + 6))) ? bare() : refused()),
    checking: async ({ url }) => ((await gate.check(url)).allowed ? bare() : refused()),
    guarded: guard({ keys }, () => new Response("the file")),
  };
}

const refused = () => new Response(null, { status: 401 });

/** Verifies only the signature of a token, with Web Crypto. */
function createVerifier(publicPem) {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const encoder = new TextEncoder();
  let key;
  return async (token) => {
    // Not before the first request: workerd has no cryptography while it loads a module.
    const der = () => bytesOf(publicPem.replace(/-----.*-----|\s/g, ""));
    key ??= await crypto.subtle.importKey("spki", der(), algorithm, false, ["verify"]);
    const dot = token.lastIndexOf(".");
    const signature = bytesOf(
      token
        .slice(dot + 1)
        .replace(/-/g, "+")
        .replace(/_/g, "/"),
    );
    return crypto.subtle.verify(algorithm.name, key, signature, encoder.encode(token.slice(0, dot)));
  };
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
