/** What to do if there is no public key yet. */
export const publicKeyRemedy =
  "To create a public key file from Jamf Pro's key, run: portcullis pubkey key.pem > public.pem";

/** What to do about a key file that cannot be used: its own remedy, or how to create a valid one. */
export function keyFileRemedy(error: unknown): string | undefined {
  const { code, remedy } = error as { readonly code?: string; readonly remedy?: string };
  if (code === "EACCES" || code === "EPERM") {
    return "If it is the public key, which is not secret, let that user read it; a private key does not belong here";
  }
  return remedy ?? publicKeyRemedy;
}
