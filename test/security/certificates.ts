// Certificates made on the spot by openssl, so that none of them can expire in the repository.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), "dbconn-ca-"));
  readonly cert: string;
  #serial = 1;

  constructor(name = "test authority") {
    this.#run(
      "req",
      "-x509",
      ...NEW_KEY,
      "-keyout",
      "ca.key",
      "-out",
      "ca.crt",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
    );
    this.cert = this.#read("ca.crt");
  }

  /** `subject` as `/CN=name/O=organisation`, `alternative` as `IP:127.0.0.1,DNS:localhost`. */
  issue(subject: string, alternative = ""): Pair {
    const name = `c${this.#serial++}`;
    this.#run("req", ...NEW_KEY, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject);
    writeFileSync(join(this.#folder, "ext"), alternative === "" ? "" : `subjectAltName=${alternative}\n`);
    const signed = [
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
    ];
    this.#run("x509", "-req", ...signed, "-extfile", "ext", "-out", `${name}.crt`);
    return { cert: this.#read(`${name}.crt`), key: this.#read(`${name}.key`) };
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(...args: readonly string[]): void {
    execFileSync("openssl", args, { cwd: this.#folder, stdio: "pipe" });
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), "utf8");
  }
}

/** Elliptic, which is quick to make. */
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
