import { failure } from "../command-line/command-error.ts";
import type { CommandContext } from "../command-line/context.ts";
import { drawQrCode } from "./qr-code.ts";

/** Prints a link, as a QR code above it if that is asked for. */
export function printLink(link: string, { qr, json }: { qr: boolean; json: boolean }, { out }: CommandContext): void {
  if (json) {
    out.json({ link });
    return;
  }
  if (qr) {
    const { drawing, columns } = drawQrCode(link, out.width, out.colours.isColorSupported);
    if (drawing === undefined) {
      throw failure(
        `the QR code of this link takes ${columns} columns, and there are ${out.width}`,
        "Make the window wider or the letters smaller; a shorter URL and a key of 2048 bits help too.",
      );
    }
    out.line(drawing);
  }
  out.line(link);
}
