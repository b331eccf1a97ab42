import makeQrCode from "qrcode-generator";

const smallestMargin = 1;
const usualMargin = 4; // ISO/IEC 18004 requires four white modules on each side

/** A drawing, or how many columns it would take. */
export type QrCodeDrawing =
  | { readonly drawing: string; readonly columns?: never }
  | { readonly drawing?: never; readonly columns: number };

/**
 * Draws text as a QR code for a terminal, one character wide and half a character high for each module; says how wide
 * the terminal must be if it does not fit. The margin shrinks first: a link with a token needs almost 80 columns.
 *
 * Escape codes set black on white if colour is available, since a code drawn in a
 * dark terminal's own colours is inverted, which many cameras do not read.
 */
export function drawQrCode(text: string, width: number, useColour: boolean): QrCodeDrawing {
  const code = makeQrCode(0, "L");
  code.addData(text, "Byte");
  code.make();
  const size = code.getModuleCount();
  const margin = Math.min(usualMargin, Math.floor((width - size) / 2));
  if (margin < smallestMargin) return { columns: size + 2 * smallestMargin };
  const isDark = (row: number, column: number): boolean =>
    row >= 0 && column >= 0 && row < size && column < size && code.isDark(row, column);

  const lines: string[] = [];
  for (let row = -margin; row < size + margin; row += 2) {
    let line = "";
    for (let column = -margin; column < size + margin; column += 1) {
      line += halves(isDark(row, column), isDark(row + 1, column), useColour);
    }
    lines.push(useColour ? `\u001b[30;107m${line}\u001b[0m` : line);
  }
  return { drawing: lines.join("\n") };
}

/** Without colour the light modules are drawn, as most terminals are dark. */
function halves(upper: boolean, lower: boolean, useColour: boolean): string {
  const [above, below] = useColour ? [upper, lower] : [!upper, !lower];
  if (above) return below ? "█" : "▀";
  return below ? "▄" : " ";
}
