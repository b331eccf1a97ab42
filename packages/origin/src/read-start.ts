/** The first bytes of a document: at most 4 KiB of it, and no more than has arrived in this many milliseconds. */
export async function readStart({ body }: Response, within: number): Promise<string> {
  const reader = body?.getReader();
  if (!reader) return "";
  const stop = (): void => void reader.cancel().catch(() => {});
  const timer = setTimeout(stop, within);
  let text = "";
  try {
    const decoder = new TextDecoder();
    while (text.length < 4096) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // What has arrived must be enough.
  } finally {
    clearTimeout(timer);
    stop();
  }
  return text;
}
