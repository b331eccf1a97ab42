/**
 * Finds the PEM block with a label, and writes it in the one form that every OpenSSL reads: keys come indented, on one
 * line, or with escaped line ends. The issuer and the gate accept all of these, but give no key object.
 */
export function normalizePem(text: string, label: RegExp): string | undefined {
  const plain = text.replaceAll("\\r", "").replaceAll("\\n", "\n").replace(/\r\n?/g, "\n");
  for (const [, name = "", content = ""] of plain.matchAll(
    /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----/g,
  )) {
    if (!label.test(name)) continue;
    const lines = content.split("\n").map((line) => line.replace(/\s/g, ""));
    const headers = lines.filter((line) => line.includes(":")); // which base64 has not
    const body = lines.filter((line) => !line.includes(":")).join("");
    const head = headers.length === 0 ? [] : [...headers, ""];
    return [`-----BEGIN ${name}-----`, ...head, ...(body.match(/.{1,64}/g) ?? []), `-----END ${name}-----`, ""].join(
      "\n",
    );
  }
  return undefined;
}
