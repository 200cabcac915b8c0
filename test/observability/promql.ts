// What a query in PromQL asks for, by Prometheus's own grammar.
import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

export interface PromQuery {
  readonly selectors: readonly Selector[];
  /** Labels that results are grouped or matched by. */
  readonly grouping: readonly string[];
}

/** Throws for what is no PromQL. */
export function parsePromQl(text: string): PromQuery {
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  const source = (node: SyntaxNode | null | undefined) => (node ? text.slice(node.from, node.to) : "");
  parser.parse(text).iterate({
    enter({ node, name, type }) {
      if (type.isError) throw new SyntaxError(`no PromQL at ${text.slice(node.from)}`);
      if (name === "GroupingLabels") grouping.push(...node.getChildren("LabelName").map(source));
      if (name !== "VectorSelector") return;
      const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
      selectors.push({
        metric: source(node.getChild("Identifier")),
        matchers: matchers.map((matcher) => ({
          label: source(matcher.getChild("LabelName")),
          operator: source(matcher.getChild("MatchOp")),
          value: source(matcher.getChild("StringLiteral")).slice(1, -1),
        })),
      });
    },
  });
  return { selectors, grouping };
}
