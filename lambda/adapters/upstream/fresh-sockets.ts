/**
 * Keeps an agent from reusing sockets that have been idle for long.
 *
 * A frozen function wakes with sockets that the other side has closed meanwhile. A request sent
 * on one gets no answer, and must be charged in full; so age is by wall clock, freeze included.
 */
import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/** Milliseconds for which an idle upstream socket may be used again. */
export const MAX_IDLE_MS = 10_000;

/** @returns a function that closes what has been idle for too long; call it before a send */
export function keepFresh(agent: Agent, nowMs: () => number, maxIdleMs = MAX_IDLE_MS): () => void {
  const idleSinceMs = new WeakMap<Duplex, number>();
  const keepSocketAlive = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => {
    idleSinceMs.set(socket, nowMs());
    return keepSocketAlive(socket);
  };
  return () => {
    const now = nowMs();
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) {
        const ageMs = now - (idleSinceMs.get(socket) ?? 0);
        // A negative age means that the clock was set back: the true age is not known.
        if (ageMs > maxIdleMs || ageMs < 0) socket.destroy();
      }
    }
  };
}
