/** The defaults of a gate's options: Jamf Pro's policy. Times in seconds. */
export const gateDefaults = {
  issuer: "JSS",
  subject: "AppManifest",
  clockSkew: 60,
  /** The longest expiry that Jamf Pro offers. */
  maxLifetime: 7200,
  /** The query parameter in which Jamf Pro sends its token. */
  tokenParameter: "token",
  cacheSize: 10_000,
} as const;

/** The smallest and the largest value of each numeric option. */
export const gateLimits = {
  clockSkew: { min: 0, max: 300, unit: "seconds" },
  /** Up to 31 days. */
  maxLifetime: { min: 1, max: 2_678_400, unit: "seconds" },
  cacheSize: { min: 0, max: 1_000_000, unit: "tokens" },
} as const;
