import type { LinkRecord, ReceiptRecord } from "@portcullis/depot";
import { tableLines, tableTime } from "../../terminal/align-columns.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { wrapText } from "../../terminal/wrap-text.ts";

/** The links as lines of text, columns aligned. */
export function linkTable(links: readonly LinkRecord[], now: number, out: Terminal): readonly string[] {
  if (links.length === 0) return ["There are no links."];
  const rows = links.map((link) => [
    link.id,
    link.bundleIdentifier,
    link.channel,
    link.recipient,
    state(link, now),
    link.lastUsedAt === undefined ? "never used" : `used ${tableTime(link.lastUsedAt)}`,
  ]);
  return tableLines([["ID", "APP", "CHANNEL", "FOR", "STATE", "MANIFEST"], ...rows], out);
}

/** The receipts of a link as lines of text: what each device did. */
export function receiptTable(receipts: readonly ReceiptRecord[], out: Terminal): readonly string[] {
  if (receipts.length === 0) return [wrapText("Nobody has fetched a manifest with this link.", out.width)];
  const rows = receipts.map((receipt) => [
    tableTime(receipt.manifestAt),
    receipt.bundleVersion,
    receipt.client,
    receipt.address ?? "",
    outcome(receipt),
  ]);
  return tableLines([["MANIFEST", "VERSION", "CLIENT", "ADDRESS", "DOWNLOAD"], ...rows], out);
}

function state({ revokedAt, expiresAt }: LinkRecord, now: number): string {
  if (revokedAt !== undefined) return `revoked ${tableTime(revokedAt)}`;
  if (expiresAt === undefined) return "works";
  return now < expiresAt ? `works until ${tableTime(expiresAt)}` : `expired ${tableTime(expiresAt)}`;
}

function outcome({ headAt, getAt, bytes, size, completedAt }: ReceiptRecord): string {
  if (completedAt !== undefined) return `complete ${tableTime(completedAt)}`;
  if (getAt !== undefined) return `incomplete, ${bytes} of ${size} bytes`;
  return headAt === undefined ? "not requested" : "requested with HEAD only";
}
