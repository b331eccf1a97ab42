import { existsSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  type AppMetadata,
  hashFile,
  installLink,
  isIssuerError,
  lintManifest,
  readPackage,
  writeAppManifest,
} from "@portcullis/issuer";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { failure, usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { loadIssuer } from "../../signing/load-issuer.ts";
import { describeSystemError, isSystemError } from "../../system/describe-system-error.ts";
import { createProgressLine, progressBar } from "../../terminal/progress-line.ts";
import { safeText } from "../../terminal/safe-text.ts";
import { stripQuotes } from "../../terminal/strip-quotes.ts";
import { printInstallLink } from "./install-link.ts";
import { lintFile } from "./lint-file.ts";
import type { manifest } from "./manifest.ts";

/** Creates an app manifest, checks one, or prints the link that installs from one. */
export async function runManifest(
  options: OptionsOf<typeof manifest>,
  context: CommandContext,
  { file }: OperandsOf<typeof manifest>,
): Promise<ExitCode> {
  const asked = [file, options.lint, options.itms].filter((one) => one !== undefined);
  if (asked.length !== 1) {
    throw usageError("pass exactly one of these: an .ipa or .pkg, --lint FILE, --itms URL");
  }
  if (options.out !== undefined && file === undefined) {
    throw usageError("--out works only with an .ipa or .pkg; the results of --lint and --itms are always printed");
  }
  if (options.qr && options.itms === undefined) {
    throw usageError("--qr draws an install link: pass the URL of the manifest with --itms URL");
  }
  try {
    if (options.lint !== undefined) return await lintFile(options.lint, options, context);
    if (options.itms !== undefined) return await printInstallLink(stripQuotes(options.itms), options, context);
    return await makeManifest(file ?? "", options, context);
  } catch (error) {
    if (isIssuerError(error)) {
      // As with sign, an invalid URL is a usage error.
      if (error.code.startsWith("url_")) throw usageError(error.message);
      throw failure(error.code.startsWith("file_") ? `${file}: ${error.message}` : error.message);
    }
    if (isSystemError(error))
      throw failure(`${error.path ?? file} cannot be read or written: ${describeSystemError(error)}`);
    throw error;
  }
}

async function makeManifest(
  file: string,
  options: OptionsOf<typeof manifest>,
  context: CommandContext,
): Promise<ExitCode> {
  const { out, err } = context;
  if (options.url === undefined)
    throw usageError("--url URL is missing: the https:// URL from which devices download the file");
  const url = stripQuotes(options.url);
  for (const one of [url, options.icon, options.image]) {
    if (one !== undefined) installLink(stripQuotes(one)); // checks the URLs before gigabytes are hashed
  }
  if (options.out !== undefined) checkPlace(options.out);
  const issuer =
    options.privateKey === undefined
      ? undefined
      : await loadIssuer({ ...options, privateKey: options.privateKey }, options.expiry, context);
  const before = versionOf(file);
  const { metadata, warnings } = await describePackage(file, options);
  const progress = createProgressLine(context);
  const hashes = await hashFile(file, {
    wholeFile: options.wholeFile,
    md5: options.md5,
    onProgress: ({ hashed, size }) =>
      progress.show(`${progressBar(hashed / size, 30)} ${percent(hashed / size)} hashed`),
  }).finally(() => progress.clear());
  // Otherwise the manifest would combine the version of one package with the hashes of another.
  if (versionOf(file) !== before) {
    throw failure(`${file} was replaced while it was being read`, "Wait until it is complete, and try again.");
  }

  const description = {
    ...metadata,
    ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
    ...(options.icon === undefined ? {} : { displayImage: stripQuotes(options.icon) }),
    ...(options.image === undefined ? {} : { fullSizeImage: stripQuotes(options.image) }),
    softwarePackage: { url, hashes },
  };
  const manifest = issuer
    ? await issuer.appManifest(description)
    : await writeAppManifest(description, async (url) => url);
  const { warnings: flaws } = lintManifest(manifest);
  for (const { message } of warnings) err.warning(safeText(message));
  for (const { path, message } of flaws) err.warning(`${path}: ${safeText(message)}`);

  if (options.out !== undefined) writeFileSync(options.out, manifest, { flag: "wx" });
  const { title, bundleIdentifier, bundleVersion, build } = metadata;
  if (options.json) {
    const written = options.out === undefined ? { manifest } : { file: options.out };
    out.json({
      title,
      bundleIdentifier,
      bundleVersion,
      build,
      size: hashes.size,
      warnings: [...warnings, ...flaws],
      ...written,
    });
  } else if (options.out === undefined) {
    out.line(manifest.trimEnd());
  } else {
    const shown = [title, bundleVersion, build !== undefined && build !== bundleVersion && `build ${build}`];
    out.sentence(safeText(`${options.out}: ${shown.filter(Boolean).join(" ")} (${bundleIdentifier})`));
  }
  return exitCode.success;
}

interface DescribedPackage {
  readonly metadata: AppMetadata;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/**
 * The package's own metadata, unless the options override it. If the package cannot be read, the options can replace
 * it.
 */
async function describePackage(file: string, options: OptionsOf<typeof manifest>): Promise<DescribedPackage> {
  const { title, identifier: bundleIdentifier, bundleVersion } = options;
  try {
    const { metadata, build, warnings } = await readPackage(file);
    const version = bundleVersion === undefined ? { bundleVersion: metadata.bundleVersion, build } : { bundleVersion };
    return {
      metadata: {
        title: title ?? metadata.title,
        bundleIdentifier: bundleIdentifier ?? metadata.bundleIdentifier,
        ...version,
      },
      warnings: warnings.filter(({ code }) => code !== "title_missing" || title === undefined),
    };
  } catch (error) {
    if (!isIssuerError(error) || error.code === "file_not_regular") throw error;
    if (title === undefined || bundleIdentifier === undefined || bundleVersion === undefined) {
      throw failure(
        `${file}: ${error.message}`,
        "To create the manifest anyway, pass --title, --identifier and --bundle-version; then the package is not read.",
      );
    }
    const warning = { code: error.code, message: `The package cannot be read. ${error.message}` };
    return { metadata: { title, bundleIdentifier, bundleVersion }, warnings: [warning] };
  }
}

/** Differs whenever the file is written to or replaced. */
function versionOf(file: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/** Checked first, so that gigabytes are not hashed for a manifest that cannot be written. */
function checkPlace(file: string): void {
  if (existsSync(file))
    throw failure(
      `${file} already exists, and existing files are never overwritten`,
      "Move it, or choose another name with --out",
    );
  if (!existsSync(dirname(file))) throw failure(`${file} cannot be written: there is no folder ${dirname(file)}`);
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
