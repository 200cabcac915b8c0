// What the suites' commands have in common: options that are read, explained or refused, and an end that cleans up.
const EXIT_USAGE = 2;
const EXIT_SIGNAL = 130;

export interface Command<Options> {
  readonly options: Options;
  /** Ends with what is wrong with the options, and the help. */
  refuse(message: string): never;
}

/**
 * `read` answers the options, or says what is wrong with them; what it throws is said, too. Ends the process by itself
 * when help was asked for, or nothing could be read.
 */
export function beginCommand<Options extends { readonly help?: boolean | undefined }>(
  help: string,
  read: () => Options | string,
): Command<Options> {
  const refuse = (message: string): never => {
    process.stderr.write(`${message}\n\n${help}`);
    process.exit(EXIT_USAGE);
  };
  const options = orMessage(read);
  if (typeof options === "string") return refuse(options);
  if (options.help) {
    process.stdout.write(help);
    process.exit(0);
  }
  // The processes' exit hooks end what was started, and a signal alone would not call them.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(EXIT_SIGNAL));
  return { options, refuse };
}

function orMessage<Options>(read: () => Options | string): Options | string {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
