/** The port's certificate, read again when its files change. */
import type { ReloadingFile } from "../auth/reloading-file.ts";
import type { Config } from "../config.ts";
import { checkTlsMaterial, type TlsMaterial, type TlsOptions } from "../server/tls.ts";
import { openReloading, type ReloadLog } from "./authentication.ts";

export interface OpenTls {
  readonly options: TlsOptions | undefined;
  close(): void;
}

/** `renew` is called with what changed files hold. Throws when the files cannot be used. */
export function openTls(
  config: Config["server"]["tls"],
  renew: (material: TlsMaterial) => void,
  log: ReloadLog,
): OpenTls {
  if (config === undefined) return { options: undefined, close: () => {} };
  const { cert, key, clientCa, required, clientCert } = config;
  const paths = clientCa === undefined ? [cert, key] : [cert, key, clientCa];
  let opened = false;
  const files: ReloadingFile<TlsMaterial> = openReloading(
    paths,
    ([certText = "", keyText = "", clientCaText]) => {
      const material = { cert: certText, key: keyText, clientCa: clientCaText };
      checkTlsMaterial(material);
      if (opened) renew(material);
      return material;
    },
    log,
  );
  opened = true;
  return { options: { material: files.current, required, clientCert }, close: () => files.close() };
}
