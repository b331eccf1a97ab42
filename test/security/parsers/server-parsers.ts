import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createConfigurationApi, createConfigurationStore } from "@portcullis/issuer";
import { s3 } from "@portcullis/origin";
import { readShortBody } from "../../../packages/cli/src/system/read-short-body.ts";
import { receiveUpload } from "../../../packages/depot/src/item/receive-upload.ts";
import { parseJson } from "../../../packages/nginx/src/parse-json.ts";
import { parseHttpDate } from "../../../packages/origin/src/http-date.ts";
import { readObjectName } from "../../../packages/origin/src/object-name.ts";
import { selectRange } from "../../../packages/origin/src/select-range.ts";
import { filled, KiB, MiB, type Parser, repeated } from "./parser.ts";

/** The longest headers that Node.js accepts in a request, including the target. */
const longestHeaders = 16 * KiB;

export function serverParsers(folder: string): readonly Parser[] {
  return [
    {
      name: "ranges, conditions, dates and names of files",
      bound: "16 KiB, what the server accepts of all headers",
      sources: ["origin/select-range.ts", "origin/http-date.ts", "origin/object-name.ts"],
      time: 2,
      memory: 64,
      inputs: () => {
        const object = { size: 1000, etag: '"a"', modified: new Date(0) };
        const select = (headers: Readonly<Record<string, string>>) => () =>
          selectRange({ method: "GET", headers } as never, object as never);
        return [
          { what: "ranges", parse: select({ range: filled(longestHeaders, "0-1,", "bytes=") }) },
          { what: "a range of digits", parse: select({ range: filled(longestHeaders, "9", "bytes=") }) },
          { what: "entity tags", parse: select({ "if-none-match": filled(longestHeaders, '"b",') }) },
          { what: "commas", parse: select({ "if-match": filled(longestHeaders, " ,") }) },
          { what: "a date", parse: () => parseHttpDate(filled(longestHeaders, "Mon, ")) },
          { what: "segments", parse: () => readObjectName(filled(longestHeaders, "/a")) },
          { what: "escapes", parse: () => readObjectName(filled(longestHeaders, "%41", "/")) },
        ];
      },
    },
    {
      name: "numbers of JSON in nginx",
      bound: "a token of 4096 characters",
      sources: ["nginx/parse-json.ts"],
      time: 2,
      memory: 64,
      inputs: () => [
        { what: "numbers", parse: () => parseJson(repeated(3072, "1,", "[", "1]")) },
        { what: "quotes that are escaped", parse: () => parseJson(repeated(3072, '\\"', '["', '"]')) },
        { what: "lists in lists", parse: () => parseJson("[".repeat(1536) + "]".repeat(1536)) },
      ],
    },
    {
      name: "Jamf Pro's API",
      bound: "64 KiB",
      sources: [
        "issuer/jamf-api/api-representation.ts",
        "issuer/jamf-api/configuration-api.ts",
        "issuer/jamf-api/configuration-store.ts",
      ],
      time: 30,
      memory: 100,
      inputs: () => {
        const api = createConfigurationApi(createConfigurationStore(), { authorize: () => true });
        const post = (body: string, expected: number) => async () => {
          const url = "http://a/JSSResource/jsonwebtokenconfigurations/id/0";
          const { status } = await api(new Request(url, { method: "POST", body }));
          if (status !== expected) throw new Error(`${status} instead of ${expected}`);
        };
        return [
          { what: "lists in lists", parse: post(filled(64 * KiB, "[", '{"a":'), 400) },
          { what: "members", parse: post(repeated(64 * KiB, '"a":1,', "{", '"a":1}'), 400) },
          {
            what: "elements",
            parse: post(
              repeated(64 * KiB, "<a/>", "<json_web_token_configuration>", "</json_web_token_configuration>"),
              400,
            ),
          },
          { what: "one byte too many", parse: post(filled(64 * KiB + 1, " "), 413) },
        ];
      },
    },
    {
      name: "form with a file",
      bound: "10 fields of 1000 bytes, one file",
      sources: ["depot/item/receive-upload.ts"],
      time: 150,
      memory: 200,
      inputs: () => {
        const part = (head: string, body = ""): string =>
          `--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
        const send = (body: string) => () =>
          receiveUpload(
            new Request("http://a/", {
              method: "POST",
              body,
              headers: { "Content-Type": "multipart/form-data; boundary=x" },
            }),
            { incoming: folder, maxSize: MiB, check: () => undefined },
          );
        return [
          { what: "fields", parse: send(`${part('name="a"').repeat(20_000)}--x--\r\n`), refused: /no file/ },
          { what: "a header without an end", parse: send(part(filled(MiB, 'a="b"; '))), refused: /./ },
          { what: "hyphens", parse: send(part('name="a"; filename="b"', filled(MiB - 2, "\r\n--"))), refused: /./ },
        ];
      },
    },
    {
      name: "forms of the administration pages",
      bound: "512 KiB",
      sources: [
        "depot/admin/admin-app.tsx",
        "depot/admin/list-tools.tsx",
        "depot/configuration/configuration-page.tsx",
        "depot/item/item-page.tsx",
        "depot/item/items-page.tsx",
        "depot/hosting/hosting-field.tsx",
        "depot/link/new-link-page.tsx",
        "depot/sign-in/account-page.tsx",
        "depot/sign-in/sign-in-pages.tsx",
      ],
      time: 60,
      memory: 200,
      inputs: () => {
        const longest = 512 * KiB;
        const parse = (type: string, body: string) => () =>
          new Request("http://a/", { method: "POST", body, headers: { "Content-Type": type } }).formData();
        const part = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n';
        return [
          { what: "fields", parse: parse("application/x-www-form-urlencoded", filled(longest, "&a")) },
          { what: "escapes", parse: parse("application/x-www-form-urlencoded", filled(longest, "%41", "a=")) },
          { what: "parts", parse: parse("multipart/form-data; boundary=x", repeated(longest, part, "", "--x--\r\n")) },
        ];
      },
    },
    {
      name: "JSON of the depot's API, both sides",
      bound: "requests 16 KiB, responses 256 KiB",
      sources: [
        "depot/api/api.ts",
        "cli/commands/publish/depot-api.ts",
        "cli/commands/publish/publish-remotely.ts",
        "cli/system/read-short-body.ts",
      ],
      time: 10,
      memory: 64,
      inputs: () => {
        const read = (text: string) => async () =>
          JSON.parse((await readShortBody(new Response(text), 256 * KiB)) ?? "1");
        return [
          { what: "lists in lists", parse: read("[".repeat(128 * KiB) + "]".repeat(128 * KiB)) },
          { what: "members", parse: read(repeated(256 * KiB, '"":1,', "{", '"":1}')) },
          { what: "one byte too many, and 4 MiB more", parse: read(" ".repeat(4 * MiB)) },
        ];
      },
    },
    {
      name: "errors of a store",
      bound: "4 KiB of the document, the rest is not received",
      sources: ["origin/s3.ts", "origin/s3-upload.ts", "origin/read-start.ts"],
      time: 30,
      memory: 150,
      inputs: () => [{ what: "64 MiB of XML", parse: () => refusedByStore(filled(64 * MiB, "<Code>")) }],
    },
  ];
}

/** What the origin reports about a bucket that responds with 403 and this document. */
async function refusedByStore(document: string): Promise<void> {
  const server = createServer((_request, response) => response.writeHead(403).end(document));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const opened = await s3({ bucket: "apps", endpoint, credentials })
      .open("a.ipa")
      .catch((error: Error) => error);
    if ("found" in opened && opened.found) throw new Error("it was found");
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
