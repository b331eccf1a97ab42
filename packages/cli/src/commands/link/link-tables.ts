import type { LinkRecord, ReceiptRecord } from "@portcullis/depot";
import { safeText } from "../../terminal/safe-text.ts";

/** The links as lines of text, columns aligned. */
export function linkTable(links: readonly LinkRecord[], now: number): readonly string[] {
  if (links.length === 0) return ["There are no links."];
  const rows = links.map((link) => [
    link.id,
    link.bundleIdentifier,
    link.channel,
    link.recipient,
    state(link, now),
    link.lastUsedAt === undefined ? "never used" : `used ${time(link.lastUsedAt)}`,
  ]);
  return align([["ID", "APP", "CHANNEL", "FOR", "STATE", "MANIFEST"], ...rows]);
}

/** The receipts of a link as lines of text: what each device did. */
export function receiptTable(receipts: readonly ReceiptRecord[]): readonly string[] {
  if (receipts.length === 0) return ["Nobody has fetched a manifest with this link."];
  const rows = receipts.map((receipt) => [
    time(receipt.manifestAt),
    receipt.bundleVersion,
    receipt.client,
    receipt.address ?? "",
    outcome(receipt),
  ]);
  return align([["MANIFEST", "VERSION", "CLIENT", "ADDRESS", "DOWNLOAD"], ...rows]);
}

function state({ revokedAt, expiresAt }: LinkRecord, now: number): string {
  if (revokedAt !== undefined) return `revoked ${time(revokedAt)}`;
  if (expiresAt === undefined) return "works";
  return now < expiresAt ? `works until ${time(expiresAt)}` : `expired ${time(expiresAt)}`;
}

function outcome({ headAt, getAt, bytes, size, completedAt }: ReceiptRecord): string {
  if (completedAt !== undefined) return `complete ${time(completedAt)}`;
  if (getAt !== undefined) return `incomplete, ${bytes} of ${size} bytes`;
  return headAt === undefined ? "not asked for" : "asked for by HEAD only";
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

function align(rows: readonly (readonly string[])[]): string[] {
  const safe = rows.map((row) => row.map(safeText));
  const widths = safe[0]?.map((_, column) => Math.max(...safe.map((row) => row[column]?.length ?? 0))) ?? [];
  return safe.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
