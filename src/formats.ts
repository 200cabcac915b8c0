/** The formats that the specifications of JSON Schema name. Any other is a note. */

/** Those that documents are held to. */
export const ASSERTED_FORMATS = [
  "date",
  "date-time",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "json-pointer",
  "regex",
  "relative-json-pointer",
  "time",
  "uri",
  "uri-reference",
  "uri-template",
  "uuid",
] as const;

/** Those that are notes here, and rules to other validators of the same schemas. */
export const OTHER_FORMATS = ["idn-email", "idn-hostname", "iri", "iri-reference"] as const;
