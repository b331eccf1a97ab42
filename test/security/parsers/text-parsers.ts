import { lintManifest } from "@portcullis/issuer";
import { readBinaryPlist } from "../../../packages/issuer/src/property-list/binary-plist.ts";
import { decodePlainText, decodeXml } from "../../../packages/issuer/src/property-list/decode-text.ts";
import { readOpenStepPlist } from "../../../packages/issuer/src/property-list/openstep-plist.ts";
import { readPropertyList } from "../../../packages/issuer/src/property-list/property-list.ts";
import { readPropertyListFile } from "../../../packages/issuer/src/property-list/read-property-list-file.ts";
import { parseXml } from "../../../packages/issuer/src/property-list/xml.ts";
import { makeBinaryPlist } from "../../support/packages.ts";
import { filled, MiB, type Parser, repeated } from "./parser.ts";

const longestXml = 4 * MiB;
/** The most that the commands read of any file, which is more than a package's files can have. */
const longestFile = 16 * MiB;

const plist = (part: string, length = longestXml): string =>
  repeated(length, part, '<plist version="1.0"><dict>', "</dict></plist>");
const nested = (levels: number): string => "<a>".repeat(levels) + "</a>".repeat(levels);

export const textParsers: readonly Parser[] = [
  {
    name: "XML",
    bound: "4 MiB, 200 000 elements and attributes, 100 levels; no declarations of entities",
    sources: ["issuer/property-list/xml.ts"],
    time: 150,
    memory: 600,
    inputs: () => [
      { what: "200 000 elements", parse: () => parseXml(`<a>${"<b/>".repeat(199_999)}</a>`) },
      { what: "200 001 elements", parse: () => parseXml(`<a>${"<b/>".repeat(200_000)}</a>`), refused: /200 000/ },
      {
        what: "200 000 attributes of one element",
        parse: () => parseXml(`<a ${Array.from({ length: 199_999 }, (_, index) => `a${index}=""`).join(" ")}/>`),
      },
      { what: "100 levels, again and again", parse: () => parseXml(`<a>${nested(99).repeat(2000)}</a>`) },
      { what: "101 levels", parse: () => parseXml(nested(101)), refused: /100 elements deep/ },
      { what: "references to characters", parse: () => parseXml(repeated(longestXml, "&#65;", "<a>", "</a>")) },
      { what: "sections of text", parse: () => parseXml(repeated(longestXml, "<![CDATA[a]]>b", "<a>", "</a>")) },
      { what: "comments", parse: () => parseXml(repeated(longestXml, "<!---->", "<a>", "</a>")) },
      { what: "instructions", parse: () => parseXml(repeated(longestXml, "<?a?>", "<a>", "</a>")) },
      { what: "one name", parse: () => parseXml(`<${"a".repeat(longestXml - 3)}/>`) },
      { what: "white space in a tag", parse: () => parseXml(filled(longestXml, " ", "<a", "/>")) },
      { what: "one character too many", parse: () => parseXml(filled(longestXml + 1, " ", "<a/>")), refused: /4 MiB/ },
      {
        what: "entities",
        parse: () => parseXml('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        refused: /can define entities/,
      },
    ],
  },
  {
    name: "property list: XML",
    bound: "that of XML",
    sources: [
      "issuer/property-list/plist-xml.ts",
      "issuer/property-list/property-list.ts",
      "issuer/property-list/read-property-list-file.ts",
    ],
    time: 120,
    memory: 500,
    inputs: () => [
      { what: "comments", parse: () => readPropertyList(repeated(longestXml, "<!---->", "", "<true/>")) },
      { what: "instructions", parse: () => readPropertyList(repeated(longestXml, "<?a?> ", "", "<true/>")) },
      {
        what: "declarations",
        parse: () => readPropertyList(repeated(longestXml, "<!A><?a?>%b;", "<!DOCTYPE plist [", "]><true/>")),
      },
      { what: "keys", parse: () => readPropertyList(plist("<key>a</key><true/>", 1_900_000)) },
      {
        what: "one string",
        parse: () => readPropertyList(`<plist>${filled(longestXml - 15, "a", "<string>", "</string>")}</plist>`),
      },
      {
        what: "data",
        parse: () => readPropertyList(`<plist>${filled(longestXml - 15, "AAAA\n", "<data>", "</data>")}</plist>`),
      },
      { what: "integers", parse: () => readPropertyList(plist(`<key>a</key><integer>${"9".repeat(40)}</integer>`)) },
      {
        what: "an integer of a million digits",
        parse: () => readPropertyList(`<plist><integer>${"9".repeat(MiB)}</integer></plist>`),
        refused: /whole number/,
      },
      {
        what: "white space around a date",
        parse: () => readPropertyList(`<plist><date>${" ".repeat(MiB)}x</date></plist>`),
        refused: /not a date/,
      },
      { what: "as a file", parse: () => readPropertyListFile(Buffer.from(plist("<key>a</key><true/>", 1_900_000))) },
    ],
  },
  {
    name: "property list: references in XML",
    bound: "that of XML",
    sources: ["issuer/property-list/plist-xml.ts"],
    time: 60,
    memory: 150,
    inputs: () => [
      {
        what: "ampersands",
        parse: () => readPropertyList(`<plist>${filled(longestXml - 15, "&", "<string>", "</string>")}</plist>`),
        refused: /an ampersand that is not escaped/,
      },
      {
        what: "references",
        parse: () => readPropertyList(`<plist>${repeated(longestXml - 15, "&#9;", "<string>", "</string>")}</plist>`),
      },
    ],
  },
  {
    name: "property list: binary",
    bound: "16 MiB of values, each counted each time it is used; 64 levels",
    sources: ["issuer/property-list/binary-plist.ts"],
    time: 80,
    memory: 400,
    inputs: () => {
      const list = (...array: number[]) => ({ array });
      const often = (index: number, times: number) => ({ array: Array<number>(times).fill(index) });
      const levels = Array.from({ length: 65 }, (_, index) => (index < 64 ? list(index + 1) : "a"));
      const halves = Array.from({ length: 40 }, (_, index) => (index < 39 ? list(index + 1, index + 1) : "a"));
      return [
        {
          what: "one string, used 200 000 times",
          parse: () => readBinaryPlist(makeBinaryPlist([often(1, 200_000), "a"])),
        },
        { what: "64 levels", parse: () => readBinaryPlist(makeBinaryPlist(levels)) },
        {
          what: "65 levels",
          parse: () => readBinaryPlist(makeBinaryPlist([list(1), ...levels.map(shifted)])),
          refused: /64 levels/,
        },
        { what: "2 to the 39 values", parse: () => readBinaryPlist(makeBinaryPlist(halves)), refused: /16 MiB/ },
        {
          what: "a list in itself",
          parse: () => readBinaryPlist(makeBinaryPlist([list(0, 0)])),
          refused: /contains itself/,
        },
        {
          what: "a string of 17 MiB",
          parse: () => readBinaryPlist(makeBinaryPlist(["a".repeat(17 * MiB)])),
          refused: /16 MiB/,
        },
      ];
    },
  },
  {
    name: "property list: OpenStep",
    bound: "200 000 values, 64 levels; in packages 4 MiB, the commands read 16 MiB",
    sources: ["issuer/property-list/openstep-plist.ts"],
    time: 400,
    memory: 1500,
    inputs: () => [
      { what: "200 000 values", parse: () => readOpenStepPlist(`(${"a,".repeat(199_999)})`) },
      { what: "200 001 values", parse: () => readOpenStepPlist(`(${"a,".repeat(200_000)})`), refused: /200 000/ },
      { what: "64 levels", parse: () => readOpenStepPlist("(".repeat(65) + ")".repeat(65)) },
      { what: "66 levels", parse: () => readOpenStepPlist("(".repeat(66) + ")".repeat(66)), refused: /64 levels/ },
      { what: "comments", parse: () => readOpenStepPlist(repeated(longestFile, "/**/", "", "a")) },
      {
        what: "comments to the end of the line",
        parse: () => readOpenStepPlist(repeated(longestFile, "//\n", "", "a")),
      },
      { what: "lines with spaces", parse: () => readOpenStepPlist(repeated(longestFile, " //a\n", "", "a")) },
      {
        what: "a comment without an end",
        parse: () => readOpenStepPlist(filled(longestFile, "/*", "/**/")),
        refused: /neither/,
      },
      { what: "escapes", parse: () => readOpenStepPlist(repeated(longestFile, "\\n", '"', '"')) },
      { what: "one word", parse: () => readOpenStepPlist("a".repeat(longestFile)) },
      { what: "data", parse: () => readOpenStepPlist(repeated(longestFile, "00 ", "<", ">")) },
      { what: "data without an end", parse: () => readOpenStepPlist(`(${"<,".repeat(90_000)})`), refused: /neither/ },
    ],
  },
  {
    name: "encodings of text",
    bound: "none of its own; in packages 4 MiB, the commands read 16 MiB",
    sources: ["issuer/property-list/decode-text.ts"],
    time: 150,
    memory: 500,
    inputs: () => [
      { what: "UTF-8", parse: () => decodeXml(Buffer.from(filled(longestFile, "é"))) },
      { what: "UTF-16", parse: () => decodePlainText(Buffer.from(`\uFEFF${"é".repeat(longestFile / 2)}`, "utf16le")) },
      {
        what: "Windows-1252",
        parse: () =>
          decodeXml(
            Buffer.concat([
              Buffer.from('<?xml version="1.0" encoding="windows-1252"?>'),
              Buffer.alloc(longestFile, 0x80),
            ]),
          ),
      },
      {
        what: "a declaration without an end",
        parse: () => decodeXml(Buffer.from(filled(longestFile, " encoding=", "<?xml"))),
      },
    ],
  },
  {
    name: "manifest",
    bound: "that of the property list; the commands read 16 MiB",
    sources: ["issuer/manifest/lint-manifest.ts", "issuer/manifest/lint-repeated-keys.ts"],
    time: 300,
    memory: 900,
    inputs: () => {
      const items = (part: string): string =>
        repeated(longestXml, part, "<plist><dict><key>items</key><array>", "</array></dict></plist>");
      return [
        { what: "items that are empty", parse: () => lintManifest(items("<dict/>".padEnd(22))) },
        { what: "items that are text", parse: () => lintManifest(items(`<string>${"a".repeat(100)}</string>`)) },
        {
          what: "unknown keys",
          parse: () => lintManifest(plist("<key>itmes</key><true/>", 1_900_000)),
        },
        { what: "a text that is not a manifest", parse: () => lintManifest("a".repeat(longestFile)) },
      ];
    },
  },
];

/** The same list, one object later. */
function shifted(object: string | { array: number[] }): string | { array: number[] } {
  return typeof object === "string" ? object : { array: object.array.map((index) => index + 1) };
}
