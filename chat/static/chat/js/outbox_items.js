// A message on its way, as the device keeps it: what is sent of it, and which refusals are for good.
const FINAL = new Set(["conflict", "too_long", "empty", "archived", "announcements", "file_gone", "forbidden", "undeliverable", "naming", "malformed", "too_large", "not_found", "404", "403"]);

/** Whether sending it again would be refused again. */
export const isFinal = (code) => FINAL.has(code);

/** The fields of the form that posts it. */
export function fieldsOf({ id, text, files = "", thread, also_in_room = "" }) {
  return { client_id: id, text, files, ...(thread && { thread, also_in_room }) };
}
