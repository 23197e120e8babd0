/**
 * Which door a path is of. Bedrock's own is always there; the others are loaded with their first
 * request, before anything of it is read or reserved.
 */
import { bedrockDoor } from './bedrock-door.ts';
import type { Door } from './door.ts';

interface LaterDoor {
  readonly owns: RegExp;
  readonly load: () => Promise<Door>;
}

/** In the order in which they are asked. All paths of an API: what is not served is refused there. */
const LATER_DOORS: readonly LaterDoor[] = [
  {
    owns: /^(?:\/bedrock\/[^/]+)?\/v1(?:\/|$)/,
    load: async () => (await import('./anthropic-door.ts')).anthropicDoor,
  },
  {
    owns: /^(?:\/bedrock\/[^/]+)?\/openai\/v1(?:\/.*)?$/,
    load: async () => (await import('./openai-door.ts')).openAiDoor,
  },
];

/** The path's door; one that cannot be loaded rejects, and its request has cost nothing. */
export const doorOf = async (path: string): Promise<Door> =>
  LATER_DOORS.find(({ owns }) => owns.test(path))?.load() ?? bedrockDoor;

/** All of them, in the order in which they are asked. */
export const loadDoors = async (): Promise<readonly Door[]> => [
  ...(await Promise.all(LATER_DOORS.map(({ load }) => load()))),
  bedrockDoor,
];
