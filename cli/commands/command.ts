import type { Argv, CommandModule } from "yargs";
import type { GlobalArguments } from "../options.ts";
import { type Service, withService } from "../service.ts";

/** A command as its own arguments and what it does with them at the service. */
export function command<Own>(definition: {
  readonly command: string;
  readonly describe: string;
  readonly builder: (argv: Argv<GlobalArguments>) => Argv<GlobalArguments & Own>;
  readonly run: (args: GlobalArguments & Own, service: Service) => Promise<void>;
}): CommandModule<object, object> {
  const { run, ...rest } = definition;
  const built: CommandModule<GlobalArguments, GlobalArguments & Own> = {
    ...rest,
    handler: (args) => {
      // yargs adds names of its own to what was declared.
      const own = args as unknown as GlobalArguments & Own;
      return withService(own, (service) => run(own, service));
    },
  };
  // The global options are there whatever the command, which yargs cannot tell the compiler.
  return built as unknown as CommandModule<object, object>;
}
