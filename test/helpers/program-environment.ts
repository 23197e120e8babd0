/**
 * The environment of a program that a test starts: nothing of whoever runs the tests but where
 * programs are found, and where Node keeps the code that it has compiled.
 *
 * The hundreds of starts of the command line and the gateway take half as long with that cache.
 * vitest.config.ts says where it is; without a value, nothing is kept.
 */
export const PROGRAM_ENVIRONMENT: Readonly<Record<string, string | undefined>> = {
  PATH: process.env.PATH,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
};
