// Guards files behind CloudFront, such as those of an S3 bucket. Connect it with the event "viewer request": it then runs
// before CloudFront looks into its cache. Pack it with public.pem beside it and node_modules/@portcullis/core.
import { readFileSync } from "node:fs";
import { createGate, refusalResponse } from "@portcullis/core";

// Lambda@Edge has no environment variables.
const gate = createGate({ keys: readFileSync(new URL("public.pem", import.meta.url), "utf8") });

export async function handler(event) {
  const { request } = event.Records[0].cf;
  const decision = await gate.check(`${request.uri}?${request.querystring}`);
  console.log(JSON.stringify({ path: request.uri, code: decision.allowed ? "allowed" : decision.code }));

  // The token ends here: the bucket needs no query, and the cache keeps each file once.
  if (decision.allowed) return { ...request, querystring: "" };

  const { status, headers, body } = refusalResponse(decision);
  const entries = Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]);
  return { status: String(status), headers: Object.fromEntries(entries), body };
}
