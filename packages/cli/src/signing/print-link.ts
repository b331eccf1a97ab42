import { failure } from "../command-line/command-error.ts";
import type { CommandContext } from "../command-line/context.ts";
import { drawQrCode } from "./qr-code.ts";

/** Prints a link, with a QR code above it if requested. */
export function printLink(link: string, { qr, json }: { qr: boolean; json: boolean }, { out }: CommandContext): void {
  if (json) {
    out.json({ link });
    return;
  }
  if (qr) {
    const { drawing, columns } = drawQrCode(link, out.width, out.colours.isColorSupported);
    if (drawing === undefined) {
      throw failure(
        `the QR code of this link needs ${columns} columns, but the terminal has ${out.width}`,
        "Widen the window or reduce its font size; a shorter URL or a 2048-bit key also helps.",
      );
    }
    out.line(drawing);
  }
  out.line(link);
}
