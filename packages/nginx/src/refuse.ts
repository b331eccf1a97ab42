import { refusalCodes, refusalResponse, refusals } from "@portcullis/core";
import type { NginxRequest } from "./nginx-request.ts";

/**
 * Responds to the client for `error_page 401 403 = @NAME;`, with the same status, challenge and problem document as
 * every other Portcullis server, chosen by the code in `$portcullis_code`. A 403 of nginx's own stays a bare 403.
 */
export function refuse(request: NginxRequest): void {
  const code = refusalCodes.find((known) => known === request.variables.portcullis_code);
  if (code === undefined) {
    request.headersOut["Cache-Control"] = "no-store";
    request.return(403);
    return;
  }
  const { status, headers, body } = refusalResponse(refusals[code]);
  for (const name of Object.keys(headers)) request.headersOut[name] = headers[name] as string;
  request.return(status, body);
}
