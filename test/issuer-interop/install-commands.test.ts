import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import {
  createIssuer,
  installApplicationCommand,
  installEnterpriseApplicationCommand,
  installLink,
  installMediaCommand,
  isIssuerError,
  managedAppDeclaration,
  microMdmCommand,
  packageDeclaration,
} from "@portcullis/issuer";
import fc from "fast-check";
import { openssl, privateKeyPem } from "../support/private-key.ts";
import { readByPlistlib } from "../support/python.ts";
import { testTime } from "../support/signing-key.ts";

const issuer = createIssuer({
  displayName: "Lab",
  encryptionKey: privateKeyPem(),
  tokenExpiry: 5,
  now: () => testTime,
});
const manifestUrl = await issuer.downloadUrl("https://example.com/apps/example.plist?a=1&b=2");
const sha256 = "ab".repeat(32);
const manifest = await issuer.appManifest({
  title: "Example & Co",
  bundleIdentifier: "com.example.app",
  bundleVersion: "1.0",
  softwarePackage: {
    url: "https://example.com/a.pkg",
    hashes: { size: 3, chunkSize: 2, sha256s: [sha256, sha256] },
  },
});
const [manifestDictionary] = readByPlistlib([manifest]);

const read = (text: string) => readByPlistlib([text])[0] as { Command: Record<string, unknown>; CommandUUID: string };

const refuses = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(isIssuerError(error), String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

describe("InstallApplication", () => {
  test("has the manifest's URL with its token, and its own UUID", () => {
    const [first, second] = [0, 1].map(() => read(installApplicationCommand({ manifestUrl })));
    assert.deepEqual(first?.Command, {
      RequestType: "InstallApplication",
      ManifestURL: manifestUrl,
    });
    assert.match(first?.CommandUUID ?? "", /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
    assert.notEqual(first?.CommandUUID, second?.CommandUUID);
  });

  test("has every option", () => {
    const command = installApplicationCommand({
      manifestUrl,
      managementFlags: 5,
      takeManagement: true,
      installAsManaged: true,
      iOSApp: true,
      configuration: { server: "https://example.com/?a&b" },
      attributes: { Removable: false, AssociatedDomains: ["example.com"], CellularSliceUUID: "DNN:lab" },
      commandUuid: "install-1",
    });
    assert.deepEqual(read(command), {
      CommandUUID: "install-1",
      Command: {
        RequestType: "InstallApplication",
        ManifestURL: manifestUrl,
        ManagementFlags: 5,
        ChangeManagementState: "Managed",
        InstallAsManaged: true,
        iOSApp: true,
        Configuration: { server: "https://example.com/?a&b" },
        Attributes: { AssociatedDomains: ["example.com"], CellularSliceUUID: "DNN:lab", Removable: false },
      },
    });
  });

  test("has every kind of value that a property list supports", () => {
    const configuration = {
      text: "é",
      number: 1.5,
      yes: true,
      list: ["a", 2],
      bytes: Uint8Array.of(1, 2),
      absent: undefined,
    };
    const { Command } = read(installApplicationCommand({ manifestUrl, configuration }));
    const { bytes, absent, ...others } = configuration;
    assert.deepEqual(Command.Configuration, { ...others, bytes: { data: [...bytes] } });
    const when = new Date(testTime * 1000);
    assert.match(
      installApplicationCommand({ manifestUrl, configuration: { when } }),
      /<date>2017-08-21T14:05:14Z<\/date>/,
    );
  });

  test("is refused for values that a property list cannot contain, however deep they are", () => {
    const circular: Record<string, unknown> = {};
    circular.again = [circular];
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
    for (const [value, message] of [
      [Number.NaN, "a number that is not finite"],
      [null, "null"],
      [[undefined], "undefined"],
      [new Array(1), "undefined"],
      [() => {}, "a value of type Function"],
      [1n, "a value of type BigInt"],
      [Symbol("x"), "a value of type Symbol"],
      [new Map([["a", 1]]), "a value of type Map"],
      [new Set([1]), "a value of type Set"],
      [Promise.resolve(1), "a value of type Promise"],
      [/x/, "a value of type RegExp"],
      [new URL("https://example.com"), "a value of type URL"],
      [new Error("x"), "a value of type Error"],
      [Object("text"), "a value of type String"],
      [Object(1), "a value of type Number"],
      [new ArrayBuffer(1), "a value of type ArrayBuffer"],
      [new Float32Array(1), "a value of type Float32Array"],
      [new Date(Number.NaN), "an invalid date"],
      [new Date(8.64e15), "a date outside the years 0 to 9999"],
      [new Date(-8.64e15), "a date outside the years 0 to 9999"],
      [circular, "nested more than 512 deep, or contain themselves"],
      [deep, "nested more than 512 deep"],
    ] as const) {
      for (const configuration of [{ value }, { list: [{ value }] }]) {
        assert.throws(
          () => installApplicationCommand({ manifestUrl, configuration: configuration as never }),
          refuses("command_invalid", new RegExp(`The command cannot be written: .*${message}`)),
          message,
        );
      }
    }
    for (const configuration of [new Map(), Promise.resolve({}), Object("text")]) {
      assert.throws(
        () => installApplicationCommand({ manifestUrl, configuration } as never),
        refuses("command_invalid", /configuration: must be an object/),
      );
    }
    for (const options of [new Map([["manifestUrl", manifestUrl]]), Promise.resolve({ manifestUrl })]) {
      assert.throws(
        () => installApplicationCommand(options as never),
        refuses("command_invalid", /options: must be an object/),
      );
    }
  });

  test("is refused for values that devices do not accept", () => {
    const http = "http://example.com/a.plist";
    assert.throws(() => installApplicationCommand({ manifestUrl: http }), refuses("url_not_https", /only https/));
    assert.throws(
      () => installApplicationCommand({ manifestUrl, managementFlags: 2 as 1 }),
      refuses("command_invalid", /managementFlags: must be one of 1, 4, 5/),
    );
    assert.throws(
      () => installApplicationCommand({ manifestUrl, commandUuid: "" }),
      refuses("command_invalid", /commandUuid/),
    );
    assert.throws(
      () => installApplicationCommand({ manifestUrl, configuration: { a: "\u0000" } }),
      refuses("command_invalid", /control character/),
    );
  });
});

describe("InstallEnterpriseApplication", () => {
  test("has the manifest itself", () => {
    const command = installEnterpriseApplicationCommand({
      manifest,
      installAsManaged: true,
      managementFlags: 1,
    });
    assert.deepEqual(read(command).Command, {
      RequestType: "InstallEnterpriseApplication",
      Manifest: manifestDictionary,
      InstallAsManaged: true,
      ManagementFlags: 1,
    });
  });

  test("has the manifest's URL and pinned certificates, from PEM and from DER", () => {
    const args = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "/dev/null",
      "-subj",
      "/CN=lab",
      "-batch",
    ];
    const pem = openssl(args);
    const { raw } = new X509Certificate(pem);
    const command = installEnterpriseApplicationCommand({
      manifestUrl,
      pinningCertificates: [pem, raw],
      pinningRevocationCheckRequired: true,
    });
    assert.deepEqual(read(command).Command, {
      RequestType: "InstallEnterpriseApplication",
      ManifestURL: manifestUrl,
      ManifestURLPinningCerts: [{ data: [...raw] }, { data: [...raw] }],
      PinningRevocationCheckRequired: true,
    });
  });

  test("is refused with both, with neither, and with what is not a manifest", () => {
    const make = (options: object) => () => installEnterpriseApplicationCommand(options as never);
    assert.throws(make({}), refuses("command_invalid", /manifest, manifestUrl: pass exactly one of the two/));
    assert.throws(make({ manifest, manifestUrl }), refuses("command_invalid", /pass exactly one of the two/));
    assert.throws(
      make({ manifest: "<plist><array/></plist>" }),
      refuses("command_invalid", /^manifest: The manifest is not a dictionary/),
    );
    assert.throws(
      make({ manifest: manifest.replace("https:", "http:") }),
      refuses("command_invalid", /^manifest: items\[0\]\.assets\[0\]\.url: /),
    );
    assert.throws(
      make({ manifestUrl, pinningCertificates: ["x"] }),
      refuses("command_invalid", /pinningCertificates\[0\]: must be an X.509 certificate/),
    );
  });
});

describe("InstallMedia", () => {
  const book = { title: "Manual", persistentId: "com.example.manual" };

  test("always has the kind of book, which the URL does not show", async () => {
    for (const kind of ["pdf", "epub", "ibooks"] as const) {
      const mediaUrl = await issuer.downloadUrl(`https://example.com/manual.${kind}`);
      const command = installMediaCommand({
        ...book,
        mediaUrl,
        kind,
        version: "2",
        author: "A & B",
      });
      assert.deepEqual(read(command).Command, {
        RequestType: "InstallMedia",
        MediaType: "Book",
        MediaURL: mediaUrl,
        Kind: kind,
        Title: "Manual",
        PersistentID: "com.example.manual",
        Version: "2",
        Author: "A & B",
      });
    }
  });

  test("is refused without a kind, a title or an identifier", () => {
    const make = (options: object) => () =>
      installMediaCommand({ ...book, mediaUrl: manifestUrl, kind: "pdf", ...options });
    assert.throws(make({ kind: undefined }), refuses("command_invalid", /kind: must be one of pdf, epub, ibooks/));
    assert.throws(make({ title: "" }), refuses("command_invalid", /title: must be a non-empty string/));
    assert.throws(
      make({ persistentId: undefined }),
      refuses("command_invalid", /persistentId: must be a non-empty string/),
    );
    assert.throws(make({ mediaUrl: "http://example.com/a.pdf" }), refuses("url_not_https", /only https/));
  });
});

describe("MicroMDM's JSON", () => {
  test("for InstallApplication", () => {
    const options = {
      udid: "0-1",
      requestType: "InstallApplication",
      manifestUrl,
      managementFlags: 1,
    } as const;
    assert.deepEqual(microMdmCommand(options), {
      udid: "0-1",
      request_type: "InstallApplication",
      manifest_url: manifestUrl,
      management_flags: 1,
    });
  });

  test("for InstallEnterpriseApplication, by URL and with the manifest", () => {
    const options = { udid: "0-1", requestType: "InstallEnterpriseApplication" } as const;
    assert.deepEqual(microMdmCommand({ ...options, manifestUrl }), {
      udid: "0-1",
      request_type: "InstallEnterpriseApplication",
      manifest_url: manifestUrl,
    });
    const command = JSON.parse(JSON.stringify(microMdmCommand({ ...options, manifest })));
    assert.deepEqual(command.manifest, manifestDictionary);
  });

  test("is refused for what it cannot express", async () => {
    const make = (options: object) => () =>
      microMdmCommand({
        udid: "0-1",
        requestType: "InstallEnterpriseApplication",
        ...options,
      } as never);
    const whole = await issuer.appManifest({
      title: "Example",
      bundleIdentifier: "com.example.app",
      softwarePackage: { url: "https://example.com/a.pkg", hashes: { size: 3, sha256 } },
    });
    assert.throws(
      make({ manifest: whole }),
      refuses("command_invalid", /drops whole-file hashes; hash the file in chunks/),
    );
    assert.throws(make({ manifestUrl, managementFlags: 1 }), refuses("command_invalid", /managementFlags/));
    assert.throws(
      make({ requestType: "InstallApplication", manifest }),
      refuses("command_invalid", /takes manifestUrl only/),
    );
    assert.throws(
      make({ requestType: "InstallMedia", manifestUrl }),
      refuses("command_invalid", /requestType: must be one of InstallApplication/),
    );
    assert.throws(make({}), refuses("command_invalid", /pass exactly one of the two/));
    assert.throws(make({ udid: "", manifestUrl }), refuses("command_invalid", /udid/));
  });
});

describe("a declaration", () => {
  const url = "https://example.com/apps/example.plist";

  test("of a package", () => {
    const declaration = packageDeclaration({ identifier: "com.example.package", manifestUrl: url });
    assert.match(declaration.ServerToken, /^[0-9a-f]{64}$/);
    assert.deepEqual(
      { ...declaration, ServerToken: "" },
      {
        Type: "com.apple.configuration.package",
        Identifier: "com.example.package",
        ServerToken: "",
        Payload: { ManifestURL: url, InstallBehavior: { Install: "Required" } },
      },
    );
  });

  test("of a managed app, with automatic updates", () => {
    const options = {
      identifier: "com.example.app",
      manifestUrl: url,
      install: "Optional",
      serverToken: "1",
    } as const;
    assert.deepEqual(managedAppDeclaration({ ...options, automaticUpdates: true }), {
      Type: "com.apple.configuration.app.managed",
      Identifier: "com.example.app",
      ServerToken: "1",
      Payload: {
        ManifestURL: url,
        InstallBehavior: { Install: "Optional" },
        UpdateBehavior: { AutomaticAppUpdates: "AlwaysOn" },
      },
    });
    const { Payload } = managedAppDeclaration({ ...options, automaticUpdates: false });
    assert.deepEqual(Payload.UpdateBehavior, { AutomaticAppUpdates: "AlwaysOff" });
  });

  test("has another server token whenever its payload differs, and the same otherwise", () => {
    const token = (options: object) =>
      packageDeclaration({ identifier: "a", manifestUrl: url, ...options }).ServerToken;
    assert.equal(token({}), token({ identifier: "b" }));
    assert.notEqual(token({}), token({ install: "Optional" }));
    assert.notEqual(token({}), token({ manifestUrl: `${url}?2` }));
  });

  test("is refused for values that devices do not accept", () => {
    const make = (options: object) => () => packageDeclaration({ identifier: "a", manifestUrl: url, ...options });
    assert.throws(make({ identifier: "" }), refuses("command_invalid", /identifier/));
    assert.throws(make({ install: "Now" }), refuses("command_invalid", /install: must be one of Required, Optional/));
    assert.throws(make({ manifestUrl: "example.plist" }), refuses("url_not_absolute", /relative/));
  });
});

describe("a declaration of a managed app", () => {
  const iPhone = { identifier: "com.example.app", manifestUrl: "https://example.com/a.plist" };
  const mac = { identifier: "com.example.app", appComposedIdentifier: "com.example.app (ABCDE12345)" };

  test("has every option for an iPhone", () => {
    const credentials = [{ Identifier: "vpn", AssetReference: "asset-1" }];
    const appConfig = { DataAssetReference: "asset-2", Passwords: credentials, Identities: credentials };
    const { Payload } = managedAppDeclaration({
      ...iPhone,
      automaticUpdates: true,
      cellularDownloads: false,
      includeInBackup: false,
      attributes: { VPNUUID: "1", Hideable: false },
      appConfig,
      extensionConfigs: { "com.example.app.share (ABCDE12345)": { Certificates: credentials } },
      legacyAppConfigAssetReference: "asset-3",
    });
    assert.deepEqual(Payload, {
      ManifestURL: iPhone.manifestUrl,
      InstallBehavior: { Install: "Required", AllowDownloadsOverCellular: "AlwaysOff" },
      UpdateBehavior: { AutomaticAppUpdates: "AlwaysOn" },
      IncludeInBackup: false,
      Attributes: { VPNUUID: "1", Hideable: false },
      AppConfig: appConfig,
      ExtensionConfigs: { "com.example.app.share (ABCDE12345)": { Certificates: credentials } },
      LegacyAppConfigAssetReference: "asset-3",
    });
  });

  test("identifies an app on a Mac by its composed identifier", () => {
    for (const appComposedIdentifier of [mac.appComposedIdentifier, "com.example_lab.app {anchor apple generic}"]) {
      assert.deepEqual(managedAppDeclaration({ ...mac, appComposedIdentifier }).Payload, {
        AppComposedIdentifier: appComposedIdentifier,
        InstallBehavior: { Install: "Required" },
      });
    }
  });

  test("has another server token for another build, though the URL is the same", () => {
    const token = (bundleVersion: string) => managedAppDeclaration({ ...iPhone, bundleVersion }).ServerToken;
    assert.notEqual(token("1.0 (7)"), token("1.0 (8)"));
    assert.equal(token("1.0 (8)"), token("1.0 (8)"));
  });

  const wrong: [string, object, RegExp][] = [
    [
      "both ways to name the app",
      { ...iPhone, ...mac },
      /manifestUrl, appComposedIdentifier: pass exactly one of the two/,
    ],
    ["neither way", { identifier: "a" }, /manifestUrl, appComposedIdentifier: pass exactly one of the two/],
    [
      "an identifier that is not composed",
      { ...mac, appComposedIdentifier: "com.example.app" },
      /must be com\.example/,
    ],
    ["App Store apps' iOSApp", { ...iPhone, iOSApp: true }, /iOSApp: in a declaration, it is only for App Store apps/],
    ["updates that a Mac ignores", { ...mac, automaticUpdates: true }, /automaticUpdates: macOS ignores it/],
    ["a backup on a Mac", { ...mac, includeInBackup: false }, /includeInBackup: macOS has no such key/],
    ["attributes on a Mac", { ...mac, attributes: { VPNUUID: "1" } }, /attributes: macOS has no such key/],
    ["an attribute of commands", { ...iPhone, attributes: { Removable: true } }, /attributes\.Removable: unknown/],
    [
      "an extension without its team",
      { ...iPhone, extensionConfigs: { "com.example.app.share": {} } },
      /extensionConfigs: each name must have the form com\.example\.app\.extension \(TEAMID\)/,
    ],
    [
      "a credential without its asset",
      { ...iPhone, appConfig: { Passwords: [{ Identifier: "a" }] } },
      /appConfig\.Passwords\[0\]\.AssetReference: must be a non-empty string/,
    ],
  ];
  for (const [name, options, message] of wrong) {
    test(`is refused for ${name}`, () => {
      assert.throws(() => managedAppDeclaration(options as never), refuses("command_invalid", message));
    });
  }
});

describe("every function for devices", () => {
  const functions: Record<string, [run: (options: never) => unknown, valid: Record<string, unknown>]> = {
    installApplicationCommand: [
      installApplicationCommand,
      {
        manifestUrl,
        managementFlags: 1,
        takeManagement: true,
        installAsManaged: true,
        iOSApp: false,
        configuration: {},
        attributes: {},
        commandUuid: "1",
      },
    ],
    installEnterpriseApplicationCommand: [
      installEnterpriseApplicationCommand,
      {
        manifest,
        managementFlags: 1,
        takeManagement: true,
        installAsManaged: true,
        iOSApp: false,
        configuration: {},
        commandUuid: "1",
      },
    ],
    installMediaCommand: [
      installMediaCommand,
      {
        mediaUrl: manifestUrl,
        kind: "pdf",
        title: "Manual",
        persistentId: "com.example.manual",
        version: "1",
        author: "A",
        commandUuid: "1",
      },
    ],
    microMdmCommand: [
      microMdmCommand,
      { udid: "1", requestType: "InstallApplication", manifestUrl, managementFlags: 1 },
    ],
    packageDeclaration: [
      packageDeclaration,
      { identifier: "a", manifestUrl, install: "Optional", bundleVersion: "1", serverToken: "1" },
    ],
    managedAppDeclaration: [
      managedAppDeclaration,
      {
        identifier: "a",
        manifestUrl,
        install: "Optional",
        bundleVersion: "1",
        serverToken: "1",
        automaticUpdates: true,
        cellularDownloads: true,
        includeInBackup: true,
        attributes: {},
        appConfig: {},
        extensionConfigs: {},
        legacyAppConfigAssetReference: "a",
      },
    ],
  };
  for (const [name, [run, valid]] of Object.entries(functions)) {
    const call = (options: unknown) => () => run(options as never);

    test(`${name} accepts the options that this test changes`, () => assert.doesNotThrow(call(valid)));

    test(`${name} refuses every option with a value of another type, naming the option`, () => {
      for (const option of Object.keys(valid)) {
        for (const value of [
          "yes",
          "false",
          "",
          " ",
          0,
          2,
          1.5,
          Number.NaN,
          null,
          [],
          [{}],
          true,
          new Date(),
          () => {},
        ]) {
          const isValidText =
            typeof valid[option] === "string" && value !== "" && value !== " " && typeof value === "string";
          if (typeof value === typeof valid[option] && (typeof value === "boolean" || isValidText)) continue;
          assert.throws(
            call({ ...valid, [option]: value }),
            (error) => isIssuerError(error) && error.message.startsWith(option),
            `${option}: ${String(value)}`,
          );
        }
      }
    });

    test(`${name} refuses an unknown option, with a suggestion`, () => {
      for (const option of Object.keys(valid)) {
        const typo = option.replace(/.$/, (last) => `${last}${last}`);
        assert.throws(
          call({ ...valid, [typo]: valid[option] }),
          refuses("command_invalid", new RegExp(`^${typo}: unknown; did you mean ${option}\\?$`)),
        );
      }
      assert.throws(call({ ...valid, colour: 1 }), refuses("command_invalid", /^colour: unknown; the names are /));
      for (const nothing of [undefined, null, 5, "x", []]) {
        assert.throws(call(nothing), refuses("command_invalid", /^options: must be an object/));
      }
    });
  }

  const conditions: [string, () => unknown, RegExp][] = [
    [
      "flags that the command does not have",
      () => installEnterpriseApplicationCommand({ manifest, installAsManaged: true, managementFlags: 4 as 1 }),
      /managementFlags: must be 1, if set/,
    ],
    [
      "flag 0",
      () => installApplicationCommand({ manifestUrl, managementFlags: 0 as 1 }),
      /managementFlags: must be one of 1, 4, 5/,
    ],
    [
      "removal of an app that is not managed",
      () => installEnterpriseApplicationCommand({ manifest, managementFlags: 1 }),
      /managementFlags: on a Mac it has an effect only with installAsManaged: true/,
    ],
    [
      "taking over an app that is not managed",
      () => installEnterpriseApplicationCommand({ manifest, takeManagement: true }),
      /takeManagement: on a Mac it has an effect only with installAsManaged/,
    ],
    [
      "taking over an app that is said not to be managed",
      () => installApplicationCommand({ manifestUrl, takeManagement: true, installAsManaged: false }),
      /takeManagement: on a Mac/,
    ],
    [
      "taking over an iOS app on a Mac that is not managed",
      () => installApplicationCommand({ manifestUrl, takeManagement: true, iOSApp: true }),
      /takeManagement: on a Mac/,
    ],
    [
      "removing an app that is said not to be managed",
      () => installApplicationCommand({ manifestUrl, managementFlags: 1, installAsManaged: false }),
      /managementFlags: on a Mac/,
    ],
    [
      "removing an iOS app on a Mac that is not managed",
      () => installApplicationCommand({ manifestUrl, managementFlags: 5, iOSApp: true }),
      /managementFlags: on a Mac/,
    ],
    [
      "pinned certificates beside the manifest itself",
      () => installEnterpriseApplicationCommand({ manifest, pinningCertificates: [] } as never),
      /pinningCertificates: must be a non-empty array/,
    ],
    [
      "a check for revocation of no certificate",
      () => installEnterpriseApplicationCommand({ manifestUrl, pinningRevocationCheckRequired: true }),
      /pinningRevocationCheckRequired: it needs pinningCertificates/,
    ],
    [
      "direct downloads of no domains",
      () => installApplicationCommand({ manifestUrl, attributes: { AssociatedDomainsEnableDirectDownloads: true } }),
      /attributes: AssociatedDomainsEnableDirectDownloads needs AssociatedDomains/,
    ],
    [
      "a misspelt attribute",
      () => installApplicationCommand({ manifestUrl, attributes: { VPNUuid: "1" } as never }),
      /attributes\.VPNUuid: unknown; did you mean VPNUUID\?/,
    ],
    [
      "an attribute of the wrong type",
      () => installApplicationCommand({ manifestUrl, attributes: { Removable: "no" } as never }),
      /attributes\.Removable: must be true or false/,
    ],
  ];
  for (const [name, run, message] of conditions) {
    test(`refuses ${name}`, () => assert.throws(run, refuses("command_invalid", message)));
  }
});

describe("an itms-services link", () => {
  test("has the manifest's URL, percent-encoded as a whole", () => {
    const token = manifestUrl.slice(manifestUrl.indexOf("token=") + 6);
    assert.equal(
      installLink(manifestUrl),
      `itms-services://?action=download-manifest&url=https%3A%2F%2Fexample.com%2Fapps%2Fexample.plist%3Fa%3D1%26b%3D2%26token%3D${token}`,
    );
  });

  test("decodes to exactly the original URL, and fits into an HTML attribute", () => {
    const unit = fc.constantFrom(...("aZ9&=?/;%#+'()*!<>\"~é😀".match(/./gu) ?? []));
    fc.assert(
      fc.property(fc.string({ unit }), (rest) => {
        const url = `https://example.com/${rest}`;
        const link = installLink(url);
        assert.ok(!/['"<>#\s]/.test(link));
        const parameters = new URLSearchParams(link.slice(link.indexOf("?")));
        assert.deepEqual(
          [...parameters],
          [
            ["action", "download-manifest"],
            ["url", url],
          ],
        );
      }),
    );
  });

  test("is refused for http:, for which devices report error 850", () => {
    assert.throws(() => installLink("http://example.com/a.plist"), refuses("url_not_https", /only https/));
  });
});
