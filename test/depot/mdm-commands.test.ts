import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, test } from "node:test";
import plist from "plist";
import { mdmCommands } from "../../packages/depot/src/link/mdm-commands.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const manifestUrl = `https://apps.example/m/${"0123456789".repeat(4)}/manifest.plist`;

/** Replacements for the programs of MDMs, which print their arguments, one a line. */
const tools = temporaryFolder();
for (const name of ["curl", "fleetctl"])
  writeFileSync(join(tools, name), `#!/bin/sh\nprintf '%s\\n' ${name} "$@"\n`, { mode: 0o755 });

/** Runs a command as a person would paste it; returns how it calls the MDM's program, and the property list that it writes. */
function paste(text: string) {
  const folder = temporaryFolder();
  const env = { PATH: `${tools}${delimiter}${process.env.PATH}` };
  const called = execFileSync("sh", ["-e", "-c", text], { cwd: folder, env, encoding: "utf8" }).trimEnd().split("\n");
  const read = (): unknown => plist.parse(readFileSync(join(folder, "install.plist"), "utf8"));
  return { called, read };
}

for (const [kind, RequestType, declarationType] of [
  ["ipa", "InstallApplication", "com.apple.configuration.app.managed"],
  ["pkg", "InstallEnterpriseApplication", "com.apple.configuration.package"],
] as const) {
  describe(`the ready-made commands of a link to an .${kind}`, () => {
    const commands = mdmCommands({ kind, bundleIdentifier: "com.example.notes", manifestUrl });
    const textOf = (name: string): string => commands.find((command) => command.name === name)?.text ?? "";
    const isInstallCommand = (command: unknown): void => {
      const { RequestType: type, ManifestURL } = command as Record<string, unknown>;
      assert.deepEqual([type, ManifestURL], [RequestType, manifestUrl]);
    };

    test("are those of these MDMs, each with what to do with it", () => {
      assert.deepEqual(
        commands.map(({ name }) => name),
        ["NanoMDM", "MicroMDM", "Fleet", "Workspace ONE", "Declarative management"],
      );
      for (const { how } of commands) assert.match(how, /^[A-Z].*\.$/);
    });

    test("NanoMDM's puts the command into the queue of an enrollment", () => {
      const { called, read } = paste(textOf("NanoMDM"));
      const url = "https://MDM_SERVER/v1/enqueue/ENROLLMENT_ID";
      assert.deepEqual(called, ["curl", "-u", "nanomdm:API_KEY", "-T", "install.plist", url]);
      const { Command, CommandUUID } = read() as { readonly Command: unknown; readonly CommandUUID: string };
      assert.match(CommandUUID, /^\S+$/);
      isInstallCommand(Command);
    });

    test("MicroMDM's posts JSON", () => {
      const { called } = paste(textOf("MicroMDM"));
      const [body = "", ...more] = called.slice(5);
      assert.deepEqual(called.slice(0, 5), [
        "curl",
        "-u",
        "micromdm:API_TOKEN",
        "https://MDM_SERVER/v1/commands",
        "-d",
      ]);
      assert.deepEqual(more, []);
      const { udid, request_type, manifest_url } = JSON.parse(body);
      assert.deepEqual([udid, request_type, manifest_url], ["UDID", RequestType, manifestUrl]);
    });

    test("Fleet's sends the property list to a host", () => {
      const { called, read } = paste(textOf("Fleet"));
      assert.deepEqual(called, ["fleetctl", "mdm", "run-command", "--hosts=HOST", "--payload=install.plist"]);
      isInstallCommand((read() as { readonly Command: unknown }).Command);
    });

    test("Workspace ONE's is the dictionary alone", () => {
      const text = textOf("Workspace ONE");
      assert.match(text, /^<dict>[\s\S]*<\/dict>$/);
      isInstallCommand(plist.parse(`<plist version="1.0">${text}</plist>`));
    });

    test("declarative management's is a configuration that follows the link", () => {
      const { Type, Identifier, Payload } = JSON.parse(textOf("Declarative management"));
      assert.deepEqual([Type, Identifier], [declarationType, "com.example.notes.install"]);
      assert.equal(Payload.ManifestURL, manifestUrl);
      if (kind === "ipa") assert.equal(Payload.UpdateBehavior.AutomaticAppUpdates, "AlwaysOn");
    });
  });
}
