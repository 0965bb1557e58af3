/** A URL for messages: without user name, password, query and fragment, which may be secret. */
export const shownUrl = ({ protocol, host, pathname }: URL): string => `${protocol}//${host}${pathname}`;

/** The same for a string that may not be a URL. */
export function shownAddress(text: string): string {
  if (URL.canParse(text) && /^[a-z]+:\/\//i.test(text)) return shownUrl(new URL(text));
  return text.replace(/^([a-z][a-z\d+.-]*:\/*)?.*@/is, "$1").replace(/[?#].*$/s, "");
}
