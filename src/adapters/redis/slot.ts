/** The slot of a key in a cluster: CRC-16/XMODEM of its hash tag, or of the whole where it has none. */

export const SLOTS = 16_384;

const POLYNOMIAL = 0x1021;
const CRC_OF_BYTE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1) & 0xffff;
  return crc;
});

export function slotOf(key: string | Buffer): number {
  const bytes = typeof key === "string" ? Buffer.from(key) : key;
  let crc = 0;
  for (const byte of tagOf(bytes)) crc = ((crc << 8) ^ (CRC_OF_BYTE[(crc >> 8) ^ byte] ?? 0)) & 0xffff;
  return crc % SLOTS;
}

/** What the first braces hold, unless that is nothing. */
function tagOf(key: Buffer): Buffer {
  const open = key.indexOf("{");
  const close = key.indexOf("}", open + 1);
  return open >= 0 && close > open + 1 ? key.subarray(open + 1, close) : key;
}
