/**
 * Node's options of this process that another one can take over as well: conditions, loaders and limits, but not what
 * belongs to one process only, such as the port of a debugger or the code of `--eval`.
 */
export function inheritableExecArgv(execArgv: readonly string[]): string[] {
  let dropped = false;
  return execArgv.filter((argument) => {
    // What does not begin with a dash is the value of the option before it.
    if (argument.startsWith("-")) dropped = OWN.test(argument);
    return !dropped;
  });
}

const OWN =
  /^(-[ceip]+$|--(check|debug-port|eval|experimental-test|inspect|input-type|interactive|print|run|test|watch))/;
