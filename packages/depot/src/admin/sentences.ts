/** Does not match an identifier or a URL, which stays as it is. */
const startsWithWord = /^[a-z]+(?![^ ,:']|:\/\/)/;

/** The message of an error and its remedy, as sentences. */
export function sentences({
  message,
  remedy,
}: {
  readonly message: string;
  readonly remedy?: string | undefined;
}): string {
  const sentence = (text: string): string => `${startsWithWord.test(text) ? capitalized(text) : text}.`;
  return [message, ...(remedy === undefined ? [] : [remedy])].map(sentence).join(" ");
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
