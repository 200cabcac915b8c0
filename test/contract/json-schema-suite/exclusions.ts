// What the service does not do as the official tests ask, each with the reason. An entry is the beginning of the name
// of what it excludes: of a file, a case, or a test. One that excludes nothing any more makes the suite fail.
export interface Exclusion {
  readonly why: string;
  /** What the registry must say when it refuses the schema; undefined where it takes it and a verdict differs. */
  readonly refusal?: RegExp;
  readonly names: readonly string[];
}

export const EXCLUSIONS: readonly Exclusion[] = [
  {
    why: "References that leave the document are refused: the registry fetches nothing.",
    refusal: /\/\$ref: must lead to a schema inside this document$/,
    names: [
      "definitions.json | validate definition against metaschema",
      "optional/cross-draft.json | refs to future drafts are processed as future drafts",
      "ref.json | remote ref, containing refs itself",
      "refRemote.json",
      "defs.json | validate definition against metaschema",
      "optional/cross-draft.json | refs to historic drafts are processed as historic drafts",
      "dynamicRef.json | strict-tree schema, guards against misspelled properties",
      "dynamicRef.json | tests for implementation dynamic anchor and reference link",
      "dynamicRef.json | $ref and $dynamicAnchor are independent of order - $defs first",
      "dynamicRef.json | $ref and $dynamicAnchor are independent of order - $ref first",
      "dynamicRef.json | $ref to $dynamicRef finds detached $dynamicAnchor",
    ],
  },
  {
    why: "Where the way to a dynamic reference decides what it means, it is refused: the compiled code has no such ways.",
    refusal: /Ref: depends on how it is reached/,
    names: [
      "recursiveRef.json | $recursiveRef with nesting",
      "recursiveRef.json | multiple dynamic paths to the $recursiveRef keyword",
      "recursiveRef.json | dynamic $recursiveRef destination (not predictable at schema compile time)",
      "unevaluatedItems.json | unevaluatedItems with $recursiveRef",
      "unevaluatedProperties.json | unevaluatedProperties with $recursiveRef",
      "dynamicRef.json | A $dynamicRef resolves to the first $dynamicAnchor still in scope that is encountered when the schema is evaluated",
      "dynamicRef.json | A $dynamicRef with intermediate scopes that don't include a matching $dynamicAnchor does not affect dynamic scope resolution",
      "dynamicRef.json | A $dynamicRef that initially resolves to a schema with a matching $dynamicAnchor resolves to the first $dynamicAnchor in the dynamic scope",
      "dynamicRef.json | multiple dynamic paths to the $dynamicRef keyword",
      "dynamicRef.json | after leaving a dynamic scope, it is not used by a $dynamicRef",
      "dynamicRef.json | $dynamicRef skips over intermediate resources - direct reference",
      "optional/dynamicRef.json | $dynamicRef skips over intermediate resources - pointer reference across resource boundary",
      "unevaluatedItems.json | unevaluatedItems with $dynamicRef",
      "unevaluatedProperties.json | unevaluatedProperties with $dynamicRef",
    ],
  },
  {
    why: "A document is of one dialect of the three, and vocabularies of one's own are none of them.",
    refusal: /\/\$schema: must be the dialect/,
    names: [
      "vocabulary.json | schema that uses custom metaschema with with no validation vocabulary",
      "vocabulary.json | ignore unrecognized optional vocabulary",
      "optional/format-assertion.json | schema that uses custom metaschema with format-assertion: false",
      "optional/format-assertion.json | schema that uses custom metaschema with format-assertion: true",
    ],
  },
  {
    why: "Ajv does not count what `contains` evaluates, so the two are refused together.",
    refusal: /\/unevaluatedItems: is not supported/,
    names: [
      "unevaluatedItems.json | unevaluatedItems depends on adjacent contains",
      "unevaluatedItems.json | unevaluatedItems depends on multiple nested contains",
      "unevaluatedItems.json | unevaluatedItems and contains interact to control item dependency relationship",
    ],
  },
  {
    why: "The engine that matches in linear time does not know the property's long name.",
    refusal: /linear time/,
    names: [
      "optional/ecmascript-regex.json | pattern with non-ASCII digits",
      "optional/ecmascript-regex.json | patternProperties with non-ASCII digits",
    ],
  },
  {
    why: "Ajv passes over rules for this name, so they are refused.",
    refusal: /__proto__: a rule for this name/,
    names: ["properties.json | properties whose names are Javascript object property names"],
  },
  {
    why: "`format` is asserted, also where 2020-12 leaves that to a vocabulary.",
    names: ["format.json"],
  },
  {
    why: "Optional formats that Ajv has no check for are notes.",
    names: [
      "optional/format/idn-email.json",
      "optional/format/idn-hostname.json",
      "optional/format/iri-reference.json",
      "optional/format/iri.json",
    ],
  },
  {
    why: "Optional: the content of texts is not looked at.",
    names: ["optional/content.json"],
  },
  {
    why: "Optional: the checks of these two formats are narrower or wider than their grammars at the edges.",
    names: [
      "optional/format/ecmascript-regex.json | \\a is not an ECMA 262 control escape | when used as a pattern",
      "optional/format/email.json | validation of e-mail addresses | a quoted string with a space in the local part is valid",
      "optional/format/email.json | validation of e-mail addresses | a quoted string with a double dot in the local part is valid",
      "optional/format/email.json | validation of e-mail addresses | a quoted string with a @ in the local part is valid",
      "optional/format/email.json | validation of e-mail addresses | an IPv4-address-literal after the @ is valid",
      "optional/format/email.json | validation of e-mail addresses | an IPv6-address-literal after the @ is valid",
    ],
  },
  {
    why: "Ajv counts as evaluated what an `if` looked at though it failed, and misses `items` in a branch.",
    names: [
      "unevaluatedItems.json | unevaluatedItems with nested items | with no additional items",
      "unevaluatedItems.json | unevaluatedItems with nested items | with invalid additional item",
      "unevaluatedItems.json | unevaluatedItems can see annotations from if without then and else | valid in case if is evaluated",
      "unevaluatedProperties.json | unevaluatedProperties with if/then/else, then not defined | when if is false and has unevaluated properties",
      "unevaluatedProperties.json | unevaluatedProperties can see annotations from if without then and else | valid in case if is evaluated",
    ],
  },
  {
    why: "A quotient that is no number passes where 19.99 has to be a multiple of 0.01.",
    names: [
      "multipleOf.json | float division = inf | always invalid, but naive implementations may raise an overflow error",
    ],
  },
];
