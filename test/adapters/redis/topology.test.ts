import { describe, expect, it } from "vitest";
import { atHost, eachHost } from "../../../src/adapters/redis/hosts.ts";
import { readTopology } from "../../../src/adapters/redis/topology.ts";

interface Line {
  readonly id: string;
  readonly flags?: string;
  readonly address?: string;
  readonly epoch?: number;
  readonly slots?: string;
}

function line({
  id,
  flags = "master",
  address = `10.0.0.1:700${id}@1700${id}`,
  epoch = 1,
  slots = "",
}: Line) {
  return `${id} ${address} ${flags} - 0 0 ${epoch} connected ${slots}`.trim();
}

function view(...lines: readonly Line[]) {
  return { nodes: `${lines.map(line).join("\n")}\n`, host: "asked" };
}

const own = (id: string, slots: string, more: Partial<Line> = {}) =>
  ({ id, slots, flags: "myself,master", ...more }) as const;
const ids = (...views: Parameters<typeof readTopology>[0]) => readTopology(views).masters.map(({ id }) => id);

describe("a cluster's topology", () => {
  it("is its masters that hold slots, and who holds which", () => {
    const replica = { id: "3", flags: "slave", slots: "" };
    const { masters, owners, ordered } = readTopology([
      view(own("1", "0-8191 16383"), { id: "2", slots: "8192-16382" }, replica, { id: "4" }),
    ]);
    expect(masters).toEqual([
      { id: "1", host: "10.0.0.1", port: 7001 },
      { id: "2", host: "10.0.0.1", port: 7002 },
    ]);
    expect([owners[0], owners[8191], owners[8192], owners[16382], owners[16383]]).toEqual([..."11221"]);
    expect(ordered).toBe(true);
  });

  it("has slots without a master where nobody claims them", () => {
    expect(readTopology([view(own("1", "0-100"))]).owners[101]).toBeUndefined();
  });

  it("where two claim a slot, is the one of the later epoch", () => {
    const before = view(own("1", "0-16383", { epoch: 1 }));
    const after = view(own("2", "0-16383", { epoch: 2 }));
    expect(ids(before, after)).toEqual(["2"]);
    expect(ids(after, before)).toEqual(["2"]);
  });

  it("knows a server without an address by where it was asked, IPv6 and host names too", () => {
    const hosts = [":7001@17001", "::1:7001@17001", "10.0.0.9:7001@17001,name.example", "10.0.0.9:7001"];
    const found = hosts.map((address) => readTopology([view(own("1", "0", { address }))]).masters[0]?.host);
    expect(found).toEqual(["asked", "::1", "10.0.0.9", "10.0.0.9"]);
  });

  it("has another fingerprint as soon as anything is on its way, and puts where it goes last", () => {
    const still = readTopology([view(own("1", "0-99")), view(own("2", "100-16383"))]);
    const open = readTopology([view(own("1", "0-99 [100-<-2]")), view(own("2", "100-16383 [100->-1]"))]);
    const moved = readTopology([view(own("1", "0-100")), view(own("2", "101-16383"))]);
    const prints = [still, open, moved].map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size).toBe(3);
    expect(open.masters.map(({ id }) => id)).toEqual(["2", "1"]);
    expect(readTopology([view(own("2", "100-16383")), view(own("1", "0-99"))]).fingerprint).toBe(prints[0]);
  });

  it("has no order of its masters while one of them both gives and takes", () => {
    const one = view(own("1", "0-99 [100-<-2]"));
    const two = view(own("2", "100-16383 [100->-1] [5-<-1]"));
    expect(readTopology([one, two]).ordered).toBe(false);
  });
});

describe("a URL of several hosts", () => {
  it("is one URL for each, with the same credentials and database", () => {
    expect(eachHost("redis://u:p%40@a:1,[::1]:2/3")).toEqual([
      "redis://u:p%40@a:1/3",
      "redis://u:p%40@[::1]:2/3",
    ]);
    expect(eachHost("rediss://a")).toEqual(["rediss://a"]);
  });

  it("leads to another host", () => {
    expect(atHost("redis://u:p@a:1,b:2/3", "::1", 9)).toBe("redis://u:p@[::1]:9/3");
    expect(atHost("redis://a", "b", 9)).toBe("redis://b:9");
  });
});
