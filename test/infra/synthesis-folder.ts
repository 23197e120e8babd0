/**
 * The folder below which every app of these tests is synthesised: made before the first of their
 * files, and removed after the last. Files share what they import, so none of them may remove it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    synthesisFolder: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-infra-'));
  project.provide('synthesisFolder', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
