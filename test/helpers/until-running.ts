import type { ToolAnswer } from './start-server.ts';

/** Asks for a task until it has begun: without an inline wait its call is answered before the server has taken the command. */
export async function untilRunning(ask: () => Promise<ToolAnswer>): Promise<ToolAnswer> {
  for (;;) {
    const answer = await ask();
    if (answer.structured['status'] !== 'starting') return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
