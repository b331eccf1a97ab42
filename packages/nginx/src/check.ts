import { createGate, type Decision, tokenFingerprint } from "@portcullis/core";
import { readGateOptions } from "./gate-options.ts";
import type { NginxRequest } from "./nginx-request.ts";

/**
 * Responds to an `auth_request`: 204 lets nginx send the file, 401 and 403 refuse it. No other status is used, because
 * nginx would turn it into a 500.
 *
 * The headers of the response are for `auth_request_set`: `Portcullis-Code` is `allowed` or the code of the refusal,
 * `Portcullis-Fingerprint` identifies the token in logs, `Portcullis-Problem` says what is wrong with the
 * configuration.
 */
export async function check(request: NginxRequest): Promise<void> {
  try {
    // $arg_token is never used: nginx compares its name case-insensitively, takes the first of several and does not
    // decode it.
    const url = request.variables.request_uri ?? "";
    const gate = createGate(readGateOptions(request));
    const decision = await gate.check(url);
    const fingerprint = await tokenFingerprint(url, gate.tokenParameter);
    if (fingerprint) request.headersOut["Portcullis-Fingerprint"] = fingerprint;
    if (!decision.allowed && decision.cause) return misconfigured(request, decision.cause);
    request.headersOut["Portcullis-Code"] = decision.allowed ? "allowed" : decision.code;
    request.return(statusFor(decision));
  } catch (error) {
    misconfigured(request, error);
  }
}

function statusFor(decision: Decision): 204 | 401 | 403 {
  if (decision.allowed) return 204;
  return decision.status === 401 ? 401 : 403;
}

/** Fails closed. The message contains nothing from the request, so it can be in the error log and the access log. */
function misconfigured(request: NginxRequest, error: unknown): void {
  const { message } = error as Error;
  request.error(`portcullis: ${message}; every request is refused until this is fixed`);
  request.headersOut["Portcullis-Problem"] = message;
  request.headersOut["Portcullis-Code"] = "keys_unavailable";
  request.return(403);
}
