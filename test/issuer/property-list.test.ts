import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import fc from "fast-check";
import plist, { type PlistValue } from "plist";
import { decodeXml } from "../../packages/issuer/src/property-list/decode-text.ts";
import { readOpenStepPlist } from "../../packages/issuer/src/property-list/openstep-plist.ts";
import { readPropertyList, writePropertyList } from "../../packages/issuer/src/property-list/property-list.ts";
import { readPropertyListFile } from "../../packages/issuer/src/property-list/read-property-list-file.ts";
import { parseXml } from "../../packages/issuer/src/property-list/xml.ts";
import { assertLinear, stopwatch } from "../support/assert-linear.ts";
import { makeBinaryPlist } from "../support/packages.ts";
import { python, readByPlistlib } from "../support/python.ts";

/** A property list element with this content. */
const plistOf = (content: string): string => `<plist version="1.0">${content}</plist>`;

const text = fc.string({ unit: fc.constantFrom(..."aZ0 <>&\"'\t\n\r\u00a0é例😀]") });
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    text,
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
    fc.boolean(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(text, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

describe("a property list", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        assert.deepEqual(readPropertyList(writePropertyList(value as never)), value);
      }),
    );
  });

  test("is written so that the plist library reads the same value, and as that library writes it", () => {
    const value = { a: ["x & <y>", 1, 1.5, true, new Date(0), Buffer.from("data"), [], {}, ""], b: { c: "é" } };
    const written = writePropertyList(value);
    assert.deepEqual(plist.parse(written), value);
    const spaced = plist.build(value as PlistValue).replaceAll(/<(array|dict)\/>|<string\/>/g, (empty) => empty);
    assert.equal(written.replace("<string></string>", "<string/>"), `${spaced}\n`);
  });

  test("is read with every kind of value", () => {
    const content = `<array> <integer> -7</integer><integer>0x1F</integer><integer>20261125093000123</integer>
      <real>1.50</real><real>-Infinity</real><real>nan</real><true/><false></false><string> a <![CDATA[<b>]]></string>
      <date>2026-11-25T09:00:00Z</date><data> AAEC
      Aw== </data><dict/><array/></array>`;
    assert.deepEqual(readPropertyList(plistOf(content)), [
      -7,
      31,
      20261125093000123n,
      1.5,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      true,
      false,
      " a <b>",
      new Date("2026-11-25T09:00:00Z"),
      Buffer.from([0, 1, 2, 3]),
      {},
      [],
    ]);
  });

  const invalid: [string, string, RegExp][] = [
    ["of another root element", "<a/>", /element that property lists do not have/],
    ["with two values", plistOf("<true/><true/>"), /more than one value/],
    ["without a value", plistOf(""), /plist element is empty/],
    ["with an unknown element", plistOf("<text>a</text>"), /element that property lists do not have/],
    ["with an element in capitals", plistOf("<String>a</String>"), /element that property lists do not have/],
    ["with elements in a string", plistOf("<string>a<b/></string>"), /string element contains elements/],
    ["with a comment in a string", plistOf("<string>a<!-- b --></string>"), /a comment inside a value/],
    ["with text in true", plistOf("<true>no</true>"), /true element contains elements, or is not closed/],
    ["with an end tag of another element", plistOf("<string>a</key>"), /is not closed/],
    ["with a key but no value", plistOf("<dict><key>a</key></dict>"), /a key without a value/],
    ["with two keys in turn", plistOf("<dict><key>a</key><key>b</key></dict>"), /a key without a value/],
    ["with a value but no key", plistOf("<dict><true/></dict>"), /a value without a key/],
    ["with text in an array", plistOf("<array>a</array>"), /text where only elements belong/],
    ["with an integer that is not whole", plistOf("<integer>1.5</integer>"), /not a whole number/],
    ["with an empty integer", plistOf("<integer/>"), /not a whole number/],
    ["with white space after an integer", plistOf("<integer>1 </integer>"), /white space after it/],
    ["with a real that is not a number", plistOf("<real>1,5</real>"), /a real is not a number/],
    ["with a real that ends with something else", plistOf("<real>1.5x</real>"), /a real is not a number/],
    ["with a real that only ends with nan", plistOf("<real>1nan</real>"), /a real is not a number/],
    ["with a hexadecimal real", plistOf("<real>0x10</real>"), /a real is not a number/],
    ["with an impossible date", plistOf("<date>2026-13-45T00:00:00Z</date>"), /a date is not a date/],
    ["with data that is not ASCII", plistOf("<data>\u00e9</data>"), /data is not base64/],
    ["with empty data", plistOf("<data/>"), /data element is empty/],
    ["with a key that pollutes", plistOf("<dict><key>__proto__</key><dict/></dict>"), /change a prototype/],
    ["with an unknown entity", plistOf("<string>&nbsp;</string>"), /an entity that is not defined/],
    ["with half a character", plistOf("<string>&#xd800;</string>"), /an entity that is not defined/],
    ["with a lone ampersand", plistOf("<string>a & b</string>"), /an ampersand that is not escaped/],
    ["with text in front", `a${plistOf("<true/>")}`, /text where only elements belong/],
    ["that is truncated", "<plist><true/>", /truncated/],
    ["that is truncated in a comment", "<plist><!-- ", /truncated/],
    ["that is truncated in a document type", "<!DOCTYPE plist [", /document type is damaged/],
    ["with entities of its own", `<!DOCTYPE plist [<!ENTITY a "b">]>${plistOf("<string>&a;</string>")}`, /not defined/],
  ];
  for (const [name, content, message] of invalid) {
    test(`${name} is refused`, () => assert.throws(() => readPropertyList(content), message));
  }

  const accepted: [string, string][] = [
    ["white space before the XML declaration", ` \n<?xml version="1.0"?>${plistOf("<true/>")}`],
    ["a comment before the XML declaration", `<!-- <a> --><?xml version="1.0"?>${plistOf("<true/>")}`],
    ["text after its end", `${plistOf("<true/>")}<script>a & b`],
    ["no plist element", '<?xml version="1.0"?><true />'],
    ["attributes that are duplicated and not quoted", "<plist a=1 a=1><true b></true ></plist>"],
    ["comments and instructions between elements", plistOf("<!-- a --><?b c?><true/><!-- <false/> -->")],
    [
      "a document type with declarations",
      `<!DOCTYPE plist [<!ENTITY a "b"> %c; <!-- ] --> <?d ]?>] >${plistOf("<true/>")}`,
    ],
  ];
  for (const [name, content] of accepted) {
    test(`with ${name} is read, as devices read it`, () => assert.equal(readPropertyList(content), true));
  }
});

test("white space in front of an integer, and what is not base64 in data, are skipped as devices skip them", () => {
  assert.equal(readPropertyList(plistOf("<integer>\n - 0X1f</integer>")), -31);
  assert.deepEqual(readPropertyList(plistOf("<data>A-A_E*C</data>")), Buffer.from([0, 1, 2]));
});

test("a document with white space or a comment before its XML declaration is not XML, and the reason is named", () => {
  assert.throws(() => parseXml(' <?xml version="1.0"?><a/>'), /white space before <\?xml/);
  assert.throws(() => parseXml('<!-- a -->\n<?xml version="1.0"?><a/>'), /a comment before <\?xml/);
});

// saxes is lenient only inside processing instructions and document types, from which nothing is read.
test("every element, attribute and text that is read is what Python's expat reads", () => {
  const seeds = [
    plistOf('<dict><key a="b">c</key><string>&amp;&#xe9;<![CDATA[x]]></string><!-- y --></dict>'),
    "<a>\r\n<b c='d&lt;' d='>'/>]]&gt;</a>",
  ];
  const changed: string[] = [];
  for (const seed of seeds) {
    for (let index = 0; index < seed.length; index += 1) {
      changed.push(seed.slice(0, index) + seed.slice(index + 1));
      for (const character of "<>&\"'/!?-[];#=x \u0000\uFFFE") {
        changed.push(seed.slice(0, index) + character + seed.slice(index + 1));
        changed.push(seed.slice(0, index) + character + seed.slice(index));
      }
    }
  }
  const accepted = changed.filter((xml) => {
    try {
      return Boolean(parseXml(xml));
    } catch {
      return false;
    }
  });
  assert.ok(accepted.length > 500, `${accepted.length} of ${changed.length} are well-formed`);
  const refusedByExpat = python(
    `import xml.parsers.expat
refused = []
for text in input:
    try: xml.parsers.expat.ParserCreate("utf-8").Parse(text.encode(), True)
    except xml.parsers.expat.ExpatError as error: refused.append([text, str(error)])
json.dump(refused, sys.stdout)`,
    accepted,
  );
  assert.deepEqual(refusedByExpat, []);
});

describe("an XML document is decoded", () => {
  const declared = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?><a>Söhne</a>`;
  const utf16 = (xml: string) => Buffer.from(xml, "utf16le");
  const mark = "\uFEFF";
  const documents: [string, Buffer][] = [
    ["UTF-8 without a declaration", Buffer.from("<a>Söhne</a>")],
    ["UTF-8 with a byte order mark", Buffer.from(mark + declared("utf-8"))],
    ["UTF-16, little-endian, with a byte order mark", utf16(mark + declared("UTF-16"))],
    ["UTF-16, big-endian, with a byte order mark", utf16(mark + declared("UTF-16")).swap16()],
    ["UTF-16, little-endian, without a byte order mark", utf16(declared("UTF-16LE"))],
    ["UTF-16, big-endian, without a byte order mark", utf16(declared("UTF-16")).swap16()],
    ["UTF-16, little-endian, without a byte order mark and a declaration", utf16("<a>Söhne</a>")],
    ["UTF-16, big-endian, without a byte order mark and a declaration", utf16("<a>Söhne</a>").swap16()],
    ["UTF-16 with a declaration left over from UTF-8", utf16(mark + declared("UTF-8"))],
    ["ISO-8859-1", Buffer.from(declared("ISO-8859-1"), "latin1")],
    ["windows-1252", Buffer.from(declared("windows-1252"), "latin1")],
    ["Mac OS Roman", Buffer.from(declared("macintosh").replace("ö", "\u009a"), "latin1")],
  ];
  for (const [name, bytes] of documents) {
    test(`from ${name}`, () => assert.equal(parseXml(decodeXml(bytes)).text, "Söhne"));
  }

  test("from ISO-8859-1 with its own characters, which differ from windows-1252", () => {
    const bytes = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>\u0085</a>', "latin1");
    assert.equal(parseXml(decodeXml(bytes)).text, "\u0085");
  });

  test("from every single-byte encoding, as Python decodes it", () => {
    const iso = [1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15].map((part) => `iso-8859-${part}`);
    const windows = [1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258].map((page) => `windows-${page}`);
    const encodings = [...iso, ...windows, "cp1252", "koi8-r", "koi8-u", "macintosh", "ibm866"];
    const expected = python(
      `import json, sys
names = {"macintosh": "mac_roman"}
def characters(encoding):
    decoded = ((byte, bytes([byte]).decode(names.get(encoding, encoding), "ignore")) for byte in range(128, 256))
    return [[byte, character] for byte, character in decoded if character.isprintable() and character]
json.dump([[encoding, characters(encoding)] for encoding in input], sys.stdout)`,
      encodings,
    ) as [string, [number, string][]][];
    for (const [encoding, characters] of expected) {
      assert.ok(characters.length > 40, encoding);
      for (const [byte, character] of characters) {
        const bytes = Buffer.concat([Buffer.from(`<?xml version="1.0" encoding="${encoding}"?><a>`), Buffer.of(byte)]);
        assert.equal(decodeXml(bytes).at(-1), character, `${encoding} ${byte.toString(16)}`);
      }
    }
  });

  test("from Big5 as Python encodes it, or refused if ICU lacks the character", () => {
    const bytes = Buffer.concat([Buffer.from('<?xml version="1.0" encoding="Big5"?><a>'), Buffer.from("c7cf", "hex")]);
    try {
      assert.equal(decodeXml(bytes).at(-1), "ж");
    } catch (error) {
      assert.match(String(error), /characters that cannot be converted from BIG5; save it as UTF-8/);
    }
  });

  const refused: [string, Buffer, RegExp][] = [
    ["that is not the UTF-8 it should be", Buffer.from("<a>\xF6</a>", "latin1"), /not valid UTF-8/],
    ["that is not the ASCII it declares", Buffer.from(declared("us-ascii"), "latin1"), /not valid ASCII/],
    [
      "that declares UTF-16 in ASCII",
      Buffer.from(declared("UTF-16")),
      /declares the encoding utf-16, but does not use it/,
    ],
    ["of half a character", utf16(`${mark}<a>\uD83D</a>`), /not valid UTF-16LE/],
    ["in UTF-32", Buffer.from("fffe00003c000000", "hex"), /encoding, utf-32le, is not supported/],
    ["in UTF-32 without a mark", Buffer.from("3c00000061000000", "hex"), /encoding, utf-32le, is not supported/],
    ["in UTF-32BE without a mark", Buffer.from("0000003c00000061", "hex"), /encoding, utf-32be, is not supported/],
    [
      "in windows-1252 with a byte that is no character",
      Buffer.from(declared("windows-1252").replace("ö", "\x81"), "latin1"),
      /not valid WINDOWS-1252/,
    ],
    ["in EBCDIC", Buffer.from(declared("ebcdic-cp-us")), /encoding, ebcdic-cp-us, is not supported/],
  ];
  for (const [name, bytes, message] of refused) {
    test(`but not ${name}`, () => assert.throws(() => decodeXml(bytes), message));
  }
});

describe("an OpenStep property list", () => {
  test("is read in all of its forms", () => {
    const list = `// A comment
      { CFBundleIdentifier = com.example.app; /* another */
        "CFBundleName" = "S\\U00f6hne \\"quoted\\"\\n\\101";
        'single' = 'it''s'; path = /usr/lib; list = (a, "b", ( c ), ); data = <0a0B 0c>; empty = {}; flag; }`.replace(
      "'it''s'",
      "'it\\'s'",
    );
    assert.deepEqual(readOpenStepPlist(list), {
      CFBundleIdentifier: "com.example.app",
      CFBundleName: 'Söhne "quoted"\nA',
      single: "it's",
      path: "/usr/lib",
      list: ["a", "b", ["c"]],
      data: Buffer.from([10, 11, 12]),
      empty: {},
      flag: "flag",
    });
  });

  for (const broken of [
    "",
    "{",
    "{a",
    "{a=",
    "{a=b",
    "{a=b}",
    "{a=b;",
    "a=b",
    "a=b; {}",
    "a=\u00A0b;",
    "(a",
    "(a b)",
    "<0",
    "<0>",
    "<0g>",
    "<0 0>",
    "<\u00A000>",
    '"a',
    '"a\\',
    "{}{}",
  ]) {
    test(`that is ${broken || "empty"} is refused`, () => {
      assert.throws(() => readOpenStepPlist(broken), /neither a binary, nor an XML, nor an OpenStep/);
    });
  }

  test("needs no braces around its entries", () => {
    assert.deepEqual(readOpenStepPlist('/* a */ "b" = c; d; // e\n'), { b: "c", d: "d" });
    assert.equal(readOpenStepPlist(" word "), "word");
  });

  test("can have fewer than four digits in an escape", () => {
    assert.equal(readOpenStepPlist('"\\U41;\\Uf6n\\U"'), "A;\u00F6n\0");
  });

  test("with an escape of NeXTSTEP's own encoding is refused rather than read wrongly", () => {
    assert.throws(() => readOpenStepPlist('"\\366"'), /octal escape beyond ASCII/);
  });
});

describe("a property list file", () => {
  const value = {
    name: "Söhne",
    count: 3,
    large: 2 ** 40,
    negative: -1,
    half: 0.5,
    on: true,
    off: false,
    list: ["é", "a"],
  };

  test("is read identically in every form and encoding", () => {
    const xml = writePropertyList(value);
    const binary = python(
      `import base64, plistlib
json.dump(base64.b64encode(plistlib.dumps(input, fmt=plistlib.FMT_BINARY)).decode(), sys.stdout)`,
      value,
    );
    const utf16 = Buffer.from(`\uFEFF${xml.replace("UTF-8", "UTF-16")}`, "utf16le");
    for (const bytes of [Buffer.from(xml), utf16, Buffer.from(utf16).swap16(), Buffer.from(String(binary), "base64")]) {
      assert.deepEqual(readPropertyListFile(bytes), value);
    }
    const openStep = '{ name = "Söhne"; }';
    const marked = Buffer.from(`\uFEFF${openStep}`, "utf16le");
    for (const bytes of [
      Buffer.from(openStep),
      Buffer.from(`\uFEFF${openStep}`),
      marked,
      Buffer.from(marked).swap16(),
    ]) {
      assert.deepEqual(readPropertyListFile(bytes), { name: "Söhne" });
    }
  });

  test("of OpenStep text that is not UTF-8 is refused with that reason", () => {
    assert.throws(() => readPropertyListFile(Buffer.from('{a="\xF6";}', "latin1")), /not valid UTF-8/);
  });

  test("is read from binary with dates, data and large numbers, as Python's plistlib wrote it", () => {
    const xml = plistOf(
      `<dict><key>date</key><date>2026-11-25T09:00:00Z</date><key>data</key><data>${Buffer.alloc(300, 7).toString("base64")}</data><key>large</key><integer>-9223372036854775808</integer><key>larger</key><integer>18446744073709551615</integer></dict>`,
    );
    const binary = python(
      `import base64, plistlib
json.dump(base64.b64encode(plistlib.dumps(plistlib.loads(input.encode()), fmt=plistlib.FMT_BINARY)).decode(), sys.stdout)`,
      xml,
    );
    assert.deepEqual(readPropertyListFile(Buffer.from(String(binary), "base64")), {
      date: new Date("2026-11-25T09:00:00Z"),
      data: Buffer.alloc(300, 7),
      large: -(2n ** 63n),
      larger: 2n ** 64n - 1n,
    });
  });

  test("is written as Python's plistlib reads it", () => {
    const written = { ...value, text: "\r\n\t]]> & <" };
    assert.deepEqual(readByPlistlib([writePropertyList(written)]), [written]);
  });
});

describe("hostile property lists", () => {
  const dictionaries = (depth: number) =>
    plistOf(`${"<dict><key>a</key>".repeat(depth)}<true/>${"</dict>".repeat(depth)}`);

  test("of dictionaries 60 levels deep are read immediately, and deeper than the limit are refused", () => {
    const elapsed = stopwatch();
    assert.ok(readPropertyList(dictionaries(28)));
    assert.ok(readPropertyList(dictionaries(60)));
    assert.throws(() => readPropertyList(dictionaries(200)), /nested more than 100 elements deep/);
    assert.ok(readOpenStepPlist("(".repeat(65) + ")".repeat(65)));
    assert.throws(() => readOpenStepPlist("(".repeat(66) + ")".repeat(66)), /nested more than 64 levels deep/);
    const nested = Array.from({ length: 70 }, (_, index) => ({ array: [index + 1] }));
    assert.throws(() => readPropertyListFile(makeBinaryPlist([...nested, "x"])), /nested more than 64 levels deep/);
    assert.ok(elapsed() < 1_000_000);
  });

  const xml = (content: string) => () => void parseXml(`<a>${content}</a>`);
  /** Functions that read or refuse input made of this many repetitions. */
  const growing: Record<string, (count: number) => void> = {
    text: (count) => xml("x".repeat(count))(),
    references: (count) => xml("&amp;".repeat(count))(),
    "empty elements": (count) => xml("<b/>".repeat(count / 3))(),
    attributes: (count) => xml(`<b ${Array.from({ length: count / 8 }, (_, index) => `c${index}=""`).join(" ")}/>`)(),
    comments: (count) => xml("<!---->".repeat(count))(),
    "CDATA sections": (count) => xml("<![CDATA[]]>".repeat(count))(),
    "processing instructions": (count) => xml("<?b?>".repeat(count))(),
    "closing brackets": (count) => xml("]".repeat(count))(),
    "carriage returns": (count) => xml("\r\n".repeat(count))(),
    "an XML declaration": (count) => void decodeXml(Buffer.from(`<?xml${" encoding".repeat(count)}`)),
    "spaces before markup": (count) =>
      void readPropertyListFile(Buffer.from(`${" ".repeat(count)}<plist><true/></plist>`)),
    "characters of values": (count) => void readPropertyList(plistOf(`<string>${"&#x41;&".repeat(count)}`)),
    "references in values": (count) => void readPropertyList(plistOf(`<string>${"&lt;".repeat(count)}</string>`)),
    "CDATA sections in values": (count) =>
      void readPropertyList(plistOf(`<string>${"<![CDATA[]]>".repeat(count)}</string>`)),
    "comments and instructions between values": (count) =>
      void readPropertyList(plistOf("<!----> <?a?>".repeat(count))),
    "white space in front": (count) => void readPropertyList(`${" \n".repeat(count)}<true/>`),
    "tags with long attributes": (count) => void readPropertyList(`<plist ${"a ".repeat(count)}><true/></plist>`),
    "tags that do not end": (count) => void readPropertyList(plistOf("<array".repeat(count))),
    "declarations of a document type": (count) =>
      void readPropertyList(`<!DOCTYPE a [${"<!b> %c;".repeat(count)}]><a/>`),
    "brackets of document types": (count) => void readPropertyList("<!DOCTYPE a[".repeat(count)),
    "digits of an integer": (count) => void readPropertyList(plistOf(`<integer>${"9".repeat(count)}</integer>`)),
    "digits of a real": (count) => void readPropertyList(plistOf(`<real>${"9".repeat(count)}x</real>`)),
    "spaces in data": (count) => void readPropertyList(plistOf(`<data>${" ".repeat(count)}!</data>`)),
    "padding of data": (count) => void readPropertyList(plistOf(`<data>${"=".repeat(count)}!</data>`)),
    "spaces around a date": (count) => void readPropertyList(plistOf(`<date>${" ".repeat(count)}x</date>`)),
    "OpenStep comments": (count) => void readOpenStepPlist("//\n/**/ ".repeat(count)),
    "OpenStep comments that do not end": (count) => void readOpenStepPlist("/*".repeat(count)),
    "OpenStep members": (count) => void readOpenStepPlist(`(${"a,".repeat(count / 8)})`),
    "OpenStep escapes": (count) => void readOpenStepPlist(`"${"\\n".repeat(count)}"`),
    "OpenStep text": (count) => void readOpenStepPlist("a.".repeat(count)),
    "OpenStep data": (count) => void readOpenStepPlist(`(${"<a ".repeat(count)}`),
    "references of a binary list": (count) =>
      void readPropertyListFile(makeBinaryPlist([{ array: Array(count / 8).fill(1) }, "x"])),
    "text to write": (count) => void writePropertyList("&\r".repeat(count)),
    "text to write that XML cannot contain": (count) => void writePropertyList(`${"\uD83D\uDE00".repeat(count)}\u0000`),
  };
  for (const [name, read] of Object.entries(growing)) {
    test(`take linear time in their ${name}`, () => {
      assertLinear((count) => {
        try {
          read(count);
        } catch {
          // A refusal is a valid result too: only the time matters.
        }
      }, 200_000);
    });
  }

  test("at the size limit take no more than 200 MB of heap", () => {
    const program = `
      import { readPropertyList } from "./packages/issuer/src/property-list/property-list.ts";
      import { readOpenStepPlist } from "./packages/issuer/src/property-list/openstep-plist.ts";
      import { parseXml } from "./packages/issuer/src/property-list/xml.ts";
      const fill = (text) => text.repeat(Math.floor((4 * 1024 * 1024 - 100) / text.length));
      const refused = [];
      for (const read of [
        () => readPropertyList("<plist><array>" + fill("<true/>") + "</array></plist>"),
        () => readPropertyList("<plist><dict>" + fill("<key>a</key><string>b</string>") + "</dict></plist>"),
        () => parseXml("<a " + Array.from({ length: 300_000 }, (_, index) => "b" + index + '=""').join(" ") + "/>"),
        () => readOpenStepPlist("(" + fill("a,") + ")"),
        () => readOpenStepPlist("{" + fill("a;") + "}"),
      ]) {
        try { read(); } catch (error) { refused.push(error.message); }
      }
      console.log(refused.filter((message) => message.includes("more than 200 000")).length);`;
    const args = ["--import=tsx", "--max-old-space-size=200", "--input-type=module", "--eval", program];
    assert.equal(execFileSync(process.execPath, args, { encoding: "utf8", timeout: 60_000 }).trim(), "5");
  });

  test("that are too long, or have too many values, are refused at the limit", () => {
    assert.throws(() => parseXml(" ".repeat(4 * 1024 * 1024 + 1)), /the XML is longer than 4 MiB/);
    assert.ok(parseXml(`<a>${"<b/>".repeat(199_999)}</a>`));
    assert.throws(() => parseXml(`<a>${"<b/>".repeat(200_000)}</a>`), /more than 200 000 elements and attributes/);
    assert.ok(readOpenStepPlist(`(${"a,".repeat(199_999)})`));
    assert.throws(() => readOpenStepPlist(`(${"a,".repeat(200_000)})`), /more than 200 000 values/);
  });

  test("in binary with an invalid trailer are refused", () => {
    const four = Buffer.concat([
      Buffer.from("bplist00"),
      Buffer.from("12ffffffff08", "hex"),
      Buffer.from("000000000000010100000000000000010000000000000000000000000000000d", "hex"),
    ]);
    assert.equal(readPropertyListFile(four), 4_294_967_295);
    const withoutOffsets = Buffer.from(four);
    withoutOffsets[four.length - 26] = 0;
    assert.throws(() => readPropertyListFile(withoutOffsets), /refers to bytes past its end/);
  });

  test("that expand a few kilobytes of binary to millions of values are refused", () => {
    const shared = { array: Array(3000).fill(2) };
    const bytes = makeBinaryPlist([{ array: Array(3000).fill(1) }, shared, "x"]);
    assert.ok(bytes.length < 15_000);
    assert.throws(() => readPropertyListFile(bytes), /expands to more than 16 MiB/);
  });
});
