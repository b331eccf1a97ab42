/** What to do where there is no public key yet. */
export const publicKeyRemedy = "The public half of Jamf Pro's key is made by: portcullis pubkey key.pem > public.pem";
