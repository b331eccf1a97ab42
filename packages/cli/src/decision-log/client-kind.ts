/** What a `User-Agent` header says about a client: good enough for a log, never for authorisation. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^dmd\//, "ios-device-management"],
  [/^com\.apple\.appstored\//, "ios-app-install"],
  [/^itunesstored\//, "ios-app-install"],
  [/^MacAppStore\//, "macos-app-install"],
  [/^(mdmclient|storedownloadd|InstallService|appstoreagent)\b/, "macos-app-install"],
  [/^(bookassetd|iBooks|Books)\b/, "books"],
  [/CFNetwork\//, "apple-other"],
  [/^curl\//, "curl"],
  [/^Wget/, "wget"],
  [/^aria2\//, "aria2"],
  [/^Mozilla\//, "browser"],
];

/** Names the kind of client; `"none"` without a header, `"other"` if it is not known. */
export function clientKind(userAgent: string | undefined): string {
  if (userAgent === undefined || userAgent === "") return "none";
  return kinds.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "other";
}
