// Checks requests for files behind CloudFront, such as those in an S3 bucket. Associate it with the event "viewer request",
// so that it runs before CloudFront looks in its cache. Package it with public.pem and node_modules/@portcullis/core.
import { readFileSync } from "node:fs";
import { createGate, redactToken, refusalResponse } from "@portcullis/core";

// Lambda@Edge has no environment variables.
const gate = createGate({ keys: readFileSync(new URL("public.pem", import.meta.url), "utf8") });

export async function handler(event) {
  const { request } = event.Records[0].cf;
  const decision = await gate.check(`${request.uri}?${request.querystring}`);
  // A client can put a token into the path too.
  const path = redactToken(request.uri).slice(0, 1000);
  console.log(JSON.stringify({ path, code: decision.allowed ? "allowed" : decision.code }));

  // The bucket does not need the query, and without it the cache stores each file only once.
  if (decision.allowed) return { ...request, querystring: "" };

  const { status, headers, body } = refusalResponse(decision);
  const entries = Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]);
  return { status: String(status), headers: Object.fromEntries(entries), body };
}
