/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import makeQrCode from "qrcode-generator";

const margin = 4; // ISO/IEC 18004 requires four white modules on each side

/** Text as a QR code: black on white in both colour schemes, since many cameras do not read an inverted one. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const code = makeQrCode(0, "M");
  code.addData(text, "Byte");
  code.make();
  const count = code.getModuleCount();
  let dark = "";
  for (let row = 0; row < count; row += 1) {
    for (let start = 0, end = 0; start < count; start = end + 1) {
      // One rectangle for all adjacent dark modules.
      for (end = start; end < count && code.isDark(row, end); end += 1);
      if (end > start) dark += `M${start} ${row}h${end - start}v1h-${end - start}z`;
    }
  }
  const size = count + 2 * margin;
  return (
    <svg class="qr" viewBox={`${-margin} ${-margin} ${size} ${size}`} role="img" aria-label={label}>
      <path class="light" d={`M${-margin} ${-margin}h${size}v${size}h${-size}z`} fill="#fff" />
      <path d={dark} fill="#000" shape-rendering="crispEdges" />
    </svg>
  );
}
