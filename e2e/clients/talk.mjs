// How a client under test talks with the test: one JSON object per line. It
// tells what it saw, and asks for what needs a person or the server's owner.

import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export const server = process.argv[2];

/** Tells the test what happened at a step. */
export function tell(step, value) {
  process.stdout.write(JSON.stringify({ step, value }) + '\n');
}

/** Asks the test for something and waits for the answer. */
export async function ask(question, value) {
  process.stdout.write(JSON.stringify({ question, value }) + '\n');
  const { value: line, done } = await lines.next();
  if (done) throw new Error(`no answer to ${question}`);
  return JSON.parse(line);
}

/** Sends the person to a URL; the answer is where their browser went at last. */
export async function visit(url) {
  return new URL(await ask('visit', String(url)));
}

/** Runs the client's journey; whatever goes wrong ends it with a status. */
export function journey(steps) {
  steps().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
