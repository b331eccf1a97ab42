import type { ReportFlaw } from "./manifest-finding.ts";

type Algorithm = "sha256" | "md5";
const digits = { sha256: 64, md5: 32 } as const;

/**
 * Checks the hashes of an asset. According to Apple, devices ignore MD5 if there is SHA-256, and the
 * hashes of chunks if there is a hash of the whole file. What they ignore cannot be an error.
 */
export function lintHashes(asset: Record<string, unknown>, path: string, isPackage: boolean, flaw: ReportFlaw): void {
  const [hasSha256, hasMd5] = (["sha256", "md5"] as const).map(
    (algorithm) => algorithm in asset || `${algorithm}s` in asset,
  );
  lintAlgorithm(asset, "sha256", path, flaw);
  const ignoreMd5: ReportFlaw = (_code, place, message) =>
    flaw("hash_ignored", place, `${message} Devices ignore it and use SHA-256.`);
  lintAlgorithm(asset, "md5", path, hasSha256 ? ignoreMd5 : flaw);
  if (!isPackage || hasSha256) return;
  if (hasMd5) {
    flaw("hash_weak", path, "There are MD5 hashes only: add SHA-256, as Apple advises.");
  } else {
    flaw("hash_missing", path, "There is no hash: a Mac might not install the package, and no device can verify it.");
  }
}

function lintAlgorithm(asset: Record<string, unknown>, algorithm: Algorithm, path: string, flaw: ReportFlaw): void {
  const whole = asset[algorithm];
  const chunks = asset[`${algorithm}s`];
  const size = asset[`${algorithm}-size`];
  const isHash = (value: unknown): value is string =>
    typeof value === "string" && value.length === digits[algorithm] && /^[0-9a-f]+$/i.test(value);
  const mustBe = `must be ${digits[algorithm]} hexadecimal digits`;

  if (whole !== undefined) {
    if (!isHash(whole)) flaw("hash_malformed", `${path}.${algorithm}`, `It ${mustBe}.`);
    const [only, ...more] = Array.isArray(chunks) ? chunks : [];
    if (isHash(whole) && isHash(only) && more.length === 0 && whole.toLowerCase() !== only.toLowerCase()) {
      const message = `The keys ${algorithm} and ${algorithm}s have different hashes of the same file.`;
      flaw("hash_conflict", path, message);
    } else if (chunks !== undefined || size !== undefined) {
      const ignored = chunks === undefined ? `${algorithm}-size` : `${algorithm}s`;
      flaw("hash_ignored", `${path}.${ignored}`, `The key ${algorithm} makes devices ignore the chunks.`);
    }
    return;
  }
  if (chunks === undefined) {
    if (size !== undefined) {
      flaw("hash_ignored", `${path}.${algorithm}-size`, `It has no effect without ${algorithm}s.`);
    }
    return;
  }
  if (!Array.isArray(chunks) || chunks.length === 0 || !chunks.every(isHash)) {
    flaw("hash_malformed", `${path}.${algorithm}s`, `It must be an array of hashes, and each ${mustBe}.`);
  }
  if (size === undefined) {
    flaw("hash_incomplete", path, `The key ${algorithm}-size is missing, and ${algorithm}s cannot be used without it.`);
  } else if (!Number.isSafeInteger(size) || (size as number) < 1) {
    flaw("type_wrong", `${path}.${algorithm}-size`, "It must be a whole number of bytes, 1 or more.");
  }
}
