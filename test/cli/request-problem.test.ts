import assert from "node:assert/strict";
import { test } from "node:test";
import { describeRequestError } from "../../packages/cli/src/commands/probe/request-problem.ts";

const otherPort = "or another port.";

for (const [error, sentence, remedy] of [
  [{ code: "ENOTFOUND" }, "this computer cannot find a host with that name", "Check the spelling of the host name."],
  [{ code: "ECONNRESET" }, "it closed the connection before the response was complete", undefined],
  [{ code: "HPE_HEADER_OVERFLOW" }, "its response has more than 16 KiB of headers", undefined],
  [{ code: "HPE_INVALID_CONSTANT" }, "it does not speak HTTP on that port", `Try https://, ${otherPort}`],
  [{ code: "HPE_INVALID_VERSION", message: "x" }, "its response is not valid HTTP (x)", undefined],
  [
    { code: "CERT_HAS_EXPIRED", message: "certificate has expired\nmore" },
    "certificate has expired: devices would not download from it",
    "To probe it anyway: --insecure",
  ],
  [
    { code: "DEPTH_ZERO_SELF_SIGNED_CERT", message: "self-signed leaf" },
    "self-signed leaf: devices would not download from it",
    "To probe it anyway: --insecure",
  ],
  [
    { code: "ERR_TLS_X", message: "names do not match the altnames" },
    "names do not match the altnames: devices would not download from it",
    "To probe it anyway: --insecure",
  ],
  [
    { code: "EPROTO", reason: "wrong version number" },
    "it does not speak TLS on that port",
    `Try http://, ${otherPort}`,
  ],
  [
    { code: "ERR_SSL_X", reason: "unsupported protocol" },
    "it supports only older TLS versions: devices would not download from it",
    "Devices need TLS 1.2 or 1.3: enable it on the server.",
  ],
  [
    {
      code: "EPROTO",
      message: "00AB:error:0A00042E:SSL routines:read:tlsv1 alert protocol version:ssl/rec.c:1605:more",
    },
    "it supports only older TLS versions: devices would not download from it",
    "Devices need TLS 1.2 or 1.3: enable it on the server.",
  ],
  [
    {
      code: "EPROTO",
      message: "00AB:error:0A000410:SSL routines:read:sslv3 alert handshake failure:ssl/rec.c:1605:more",
    },
    "the TLS handshake failed (sslv3 alert handshake failure)",
    undefined,
  ],
  [{ code: "ELOOP", message: "" }, "ELOOP", undefined],
  [{ message: "it took more than 10 s" }, "it took more than 10 s", undefined],
] as const) {
  test(`a request that ends with ${JSON.stringify(error)} is described`, () => {
    const { message = "", ...members } = { message: "", ...error };
    const problem = describeRequestError(Object.assign(new Error(message), members));
    assert.deepEqual([problem.sentence, problem.remedy], [sentence, remedy]);
  });
}
