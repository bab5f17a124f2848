import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-bundle.ts'],
    pool: 'forks',
    // Tests start servers and child processes of their own: more workers than processors make their waits fail, not the run faster.
    maxWorkers: Math.min(4, availableParallelism()),
    testTimeout: 120_000,
    // What is waited for comes when a child process gets to it; how soon is no statement about the product.
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 120_000,
  },
});
