import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { statedElsewhere } from "./stated-licences.ts";

interface LockEntry {
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses: readonly { readonly license: { readonly id: string } }[];
}

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, LockEntry> };
const installed = Object.entries(packages).filter(([path, { link }]) => path.startsWith("node_modules/") && !link);
const needed = installed.filter(([, { dev }]) => !dev);

test("nothing that users install runs a script when it is installed", () => {
  assert.ok(needed.length > 20);
  assert.deepEqual(
    needed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path),
    [],
  );
});

test("everything that users install has a licence that is compatible with the MIT licence of Portcullis", () => {
  const permissive = ["MIT", "ISC", "Apache-2.0", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0"];
  assert.deepEqual(
    needed
      .filter(([path, { license }]) => !permissive.includes(license ?? statedElsewhere[path] ?? ""))
      .map(([path]) => path),
    [],
  );
});

test("npm run sbom lists everything that users install, with version and licence, in CycloneDX", () => {
  const text = execFileSync("npm", ["run", "--silent", "sbom"], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const { bomFormat, components } = JSON.parse(text) as { bomFormat: string; components: readonly Component[] };
  assert.equal(bomFormat, "CycloneDX");
  const listed = new Set(components.map(({ purl }) => decodeURIComponent(purl).replace(/@[^@]*$/, "")));
  for (const name of ["@portcullis/core", "portcullis", "jose", "hono", "kysely"])
    assert.ok(listed.has(`pkg:npm/${name}`), name);
  for (const { name, version, licenses } of components) {
    assert.match(version, /^\d+\.\d+\.\d+/, name);
    assert.match(licenses[0]?.license.id ?? "", /^[A-Z\d]/, `${name} has no licence`);
  }
  const names = needed.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + 13));
  assert.deepEqual(
    names.filter((name) => !listed.has(`pkg:npm/${name}`)),
    [],
  );
  assert.doesNotMatch(text, /file:\/\/|"\/[a-z]+\//, "a path of this computer");
});
