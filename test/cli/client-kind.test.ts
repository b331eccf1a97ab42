import assert from "node:assert/strict";
import { test } from "node:test";
import { clientKind } from "../../packages/cli/src/decision-log/client-kind.ts";

for (const [userAgent, kind] of [
  [undefined, "none"],
  ["", "none"],
  ["dmd/1.0 CFNetwork/1408.0.4 Darwin/22.5.0", "ios-device-management"],
  ["com.apple.appstored/1.0 iOS/17.5 model/iPhone14,5", "ios-app-install"],
  ["itunesstored/1.0 iOS/12.5", "ios-app-install"],
  ["MacAppStore/3.0 (Macintosh; OS X 14.5)", "macos-app-install"],
  ["mdmclient (unknown version) CFNetwork/1496", "macos-app-install"],
  ["storedownloadd (unknown version)", "macos-app-install"],
  ["InstallService/1 CFNetwork/1496", "macos-app-install"],
  ["appstoreagent/1.0", "macos-app-install"],
  ["bookassetd/1.0", "books"],
  ["iBooks/4.0", "books"],
  ["Books/5.0", "books"],
  ["Lab/1 CFNetwork/1408.0.4 Darwin/22.5.0", "apple-other"],
  ["curl/8.7.1", "curl"],
  ["Wget/1.21.3", "wget"],
  ["aria2/1.36.0", "aria2"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "browser"],
  // A name within another product's is not that product.
  ["Lab curl/8", "other"],
  ["Lab (Mozilla/5.0)", "other"],
  ["mdmclients/1", "other"],
  ["Bookshop/1", "other"],
] as const) {
  test(`${userAgent ?? "no User-Agent"}: ${kind}`, () => assert.equal(clientKind(userAgent), kind));
}
