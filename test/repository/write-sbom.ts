import { readFileSync } from "node:fs";
import { statedElsewhere } from "./stated-licences.ts";

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly license?: string;
  readonly integrity?: string;
}

// Run by `npm run sbom`. `npm sbom --omit=dev` would leave out packages that are also development dependencies of the workspace.
const { version, packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  version: string;
  packages: Record<string, LockEntry>;
};
const needed = Object.entries(packages).filter(([path, { dev, link }]) => path.includes("/") && !dev && !link);
const components = needed.map(([path, { version, license = statedElsewhere[path] ?? "", integrity }]) => {
  const name = path.startsWith("packages/") ? nameOf(path) : path.slice(path.lastIndexOf("node_modules/") + 13);
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const content = Buffer.from(integrity?.replace(/^sha512-/, "") ?? "", "base64").toString("hex");
  const hashes = integrity === undefined ? {} : { hashes: [{ alg: "SHA-512", content }] };
  return { type: "library", "bom-ref": purl, name, version, purl, licenses: [{ license: { id: license } }], ...hashes };
});
const unique = new Map(components.map((component) => [component.purl, component]));
const bom = {
  bomFormat: "CycloneDX",
  specVersion: "1.5",
  version: 1,
  metadata: { component: { type: "application", name: "portcullis", version } },
  components: [...unique.values()],
};
console.log(JSON.stringify(bom, undefined, 2));

function nameOf(folder: string): string {
  return JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).name;
}
