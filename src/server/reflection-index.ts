import {
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** A question of grpc.reflection, in the words both versions of the protocol share. */
export type ReflectionQuery =
  | { case: "fileByFilename"; value: string }
  | { case: "fileContainingSymbol"; value: string }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } }
  | { case: "allExtensionNumbersOfType"; value: string }
  | { case: "listServices"; value: string }
  | { case: undefined; value?: undefined };

/** The descriptors of a set of services, by every name a client may ask with. */
export interface ReflectionIndex {
  readonly serviceNames: readonly string[];
  /** The file and all it imports, imports first, each as a serialized FileDescriptorProto. */
  file(name: string): Uint8Array[] | undefined;
  /** The same for the file that declares a fully-qualified symbol. */
  symbol(name: string): Uint8Array[] | undefined;
  /** The same for the file that declares an extension. */
  extension(extendee: string, number: number): Uint8Array[] | undefined;
  /** Field numbers of all known extensions of a message; undefined when there is no such message. */
  extensionNumbers(extendee: string): number[] | undefined;
}

export function createReflectionIndex(services: readonly DescService[]): ReflectionIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();

  for (const service of services)
    for (const file of withImports(service.file)) files.set(file.proto.name, file);
  for (const file of files.values()) indexFile(file, symbols, extensions);

  const serialized = new Map<DescFile, Uint8Array>();
  const serialize = (file: DescFile): Uint8Array => {
    const bytes = serialized.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
    serialized.set(file, bytes);
    return bytes;
  };
  const answer = (file: DescFile | undefined): Uint8Array[] | undefined =>
    file === undefined ? undefined : [...withImports(file)].map(serialize);

  return {
    serviceNames: services.map((service) => service.typeName).sort(),
    file: (name) => answer(files.get(name)),
    symbol: (name) => answer(symbols.get(name.replace(/^\./, ""))),
    extension: (extendee, number) => answer(extensions.get(extendee)?.get(number)),
    extensionNumbers: (extendee) => {
      const numbers = extensions.get(extendee);
      if (numbers === undefined) return symbols.has(extendee) ? [] : undefined;
      return [...numbers.keys()].sort((a, b) => a - b);
    },
  };
}

/** A file after everything it imports, each once. */
function withImports(file: DescFile, found: Set<DescFile> = new Set()): Set<DescFile> {
  if (found.has(file)) return found;
  for (const dependency of file.dependencies) withImports(dependency, found);
  return found.add(file);
}

function indexFile(
  file: DescFile,
  symbols: Map<string, DescFile>,
  extensions: Map<string, Map<number, DescFile>>,
): void {
  const add = (name: string): void => {
    symbols.set(name, file);
  };
  const addExtension = (extension: DescExtension): void => {
    add(extension.typeName);
    const extendee = extension.extendee.typeName;
    const numbers = extensions.get(extendee) ?? new Map<number, DescFile>();
    extensions.set(extendee, numbers.set(extension.number, file));
  };
  const addEnum = (descriptor: DescFile["enums"][number]): void => {
    add(descriptor.typeName);
    // The values of an enum live beside it, not inside it.
    const scope = descriptor.typeName.slice(0, -descriptor.name.length);
    for (const value of descriptor.values) add(`${scope}${value.name}`);
  };
  const addMessage = (message: DescMessage): void => {
    add(message.typeName);
    for (const member of [...message.fields, ...message.oneofs]) add(`${message.typeName}.${member.name}`);
    message.nestedEnums.forEach(addEnum);
    message.nestedExtensions.forEach(addExtension);
    message.nestedMessages.forEach(addMessage);
  };
  file.messages.forEach(addMessage);
  file.enums.forEach(addEnum);
  file.extensions.forEach(addExtension);
  for (const service of file.services) {
    add(service.typeName);
    for (const method of service.methods) add(`${service.typeName}.${method.name}`);
  }
}
