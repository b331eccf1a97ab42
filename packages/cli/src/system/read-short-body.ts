/**
 * Reads the body of a response as text; `undefined` if it has more than this many bytes, counted after decompression.
 * The rest is not received.
 */
export async function readShortBody({ body }: Response, longest: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longest) return undefined; // leaving the loop cancels the transfer
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
