/** The message of an error and its remedy, as sentences. */
export function sentences({
  message,
  remedy,
}: {
  readonly message: string;
  readonly remedy?: string | undefined;
}): string {
  const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  return [message, ...(remedy === undefined ? [] : [remedy])].map(sentence).join(" ");
}
