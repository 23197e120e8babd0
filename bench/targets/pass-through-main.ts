/**
 * The pass-through proxy as a program; with BENCH_WRITES it keeps books first: the floor.
 */
import { serveControl } from '../control.ts';
import { floorBooks } from './floor-books.ts';
import { startPassThrough } from './pass-through.ts';

serveControl(await startPassThrough(process.env.BENCH_UPSTREAM ?? '', floorBooks()));
