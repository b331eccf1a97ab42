/**
 * The bytes of an HTTP/1.1 request as a client of HTTP/2 sends them (RFC 9113). Unlike Node's client, this one sends any
 * bytes in any field, even where the protocol forbids them. Undefined for a request without a first line or without headers.
 */
export function http2Request(request: string): Buffer | undefined {
  const [head = "", body = ""] = request.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const [method, target] = first.split(" ");
  if (!method || !target || lines.length === 0) return undefined;
  const fields = lines.map((line) => line.split(/: ?(.*)/s) as [string, string?]);
  const host = fields.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "localhost";
  const all: [string, string][] = [
    [":method", method],
    [":scheme", "https"],
    [":authority", host],
    [":path", target],
    ...fields
      .filter(([name]) => !/^(host|connection)$/i.test(name))
      .map(([name, value = ""]): [string, string] => [name.toLowerCase(), value]),
  ];
  const block = Buffer.concat(all.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
  const endStream = body === "" ? 1 : 0;
  return Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    frame(4, 0, 0, Buffer.alloc(0)),
    ...headerFrames(block, endStream),
    ...(endStream ? [] : [frame(0, 1, 1, Buffer.from(body, "latin1"))]),
  ]);
}

/** HEADERS, and as many CONTINUATION frames as the block needs. */
function headerFrames(block: Buffer, flags: number): Buffer[] {
  const parts = Array.from({ length: Math.ceil(block.length / 16_384) }, (_, index) =>
    block.subarray(index * 16_384, (index + 1) * 16_384),
  );
  return parts.map((part, index) => {
    const endHeaders = index === parts.length - 1 ? 4 : 0;
    return frame(index === 0 ? 1 : 9, (index === 0 ? flags : 0) | endHeaders, 1, part);
  });
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** A string of HPACK (RFC 7541, section 5.2), without Huffman coding. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length: number[] = [];
  let rest = bytes.length;
  if (rest < 127) length.push(rest);
  else {
    length.push(127);
    for (rest -= 127; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
