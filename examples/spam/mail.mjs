import { Parser } from "htmlparser2";
import PostalMime from "postal-mime";

/** Elements whose content a reader of the page never sees. */
const HIDDEN = new Set(["script", "style", "title"]);

/** Elements that run on within a line; every other one ends the word before it. */
const INLINE = new Set(
  "a abbr acronym b basefont big blink cite code dfn em font i ins kbd label mark nobr s samp small span strike strong sub sup tt u var wbr".split(
    " ",
  ),
);

/**
 * What a mail says: `{ subject, body }` of its raw bytes, white space collapsed, nothing cut. Headers other than the
 * subject are left out, for they name servers and filters and so give the label away; attachments are left out too.
 * `undeclared` tells that the bytes were no UTF-8 and no character set was named.
 */
export async function readMail(bytes) {
  const undeclared = !isUtf8(bytes) && !/charset\s*=/i.test(Buffer.from(bytes).toString("latin1"));
  // Bytes of an unnamed character set are read as mail programs do, instead of as a row of U+FFFD.
  const mail = await PostalMime.parse(undeclared ? new TextDecoder("windows-1252").decode(bytes) : bytes);
  // A mail with an HTML part has its plain parts in `html` as well, so one path serves both kinds.
  const body = collapse(htmlToText(mail.html ?? "")) || collapse(mail.text ?? "");
  return { subject: collapse(mail.subject ?? ""), body, undeclared };
}

/** Whether `bytes` are well-formed UTF-8. */
export function isUtf8(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The text that a page shows: no tags, comments, scripts or links' addresses; entities decoded. */
function htmlToText(html) {
  const parts = [];
  let hidden = 0;
  const boundary = (name) => {
    if (!INLINE.has(name)) parts.push("\n");
  };
  const parser = new Parser({
    onopentag(name) {
      if (HIDDEN.has(name)) hidden++;
      boundary(name);
    },
    onclosetag(name) {
      if (HIDDEN.has(name)) hidden--;
      boundary(name);
    },
    ontext(text) {
      if (hidden === 0) parts.push(text);
    },
  });
  parser.end(html);
  return parts.join("");
}

/** Bytes that no character set explains leave no mark: nearly all such mails are spam, and U+FFFD would tell them. */
function collapse(text) {
  return text.replaceAll("\ufffd", "").replace(/\s+/g, " ").trim();
}
