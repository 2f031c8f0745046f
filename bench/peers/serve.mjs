// One peer in a process of its own, asked round by round: node serve.mjs PEER
//
// Reads one request a line, {"operation", "threshold", "count", "calls"}, and answers with the milliseconds of each call
// (processor time, of all threads) and the bytes that all parties sent in one. A peer is a module with `operations`: name -> (threshold, count) -> a task,
// whose `run` is what is timed; `before` makes what run uses up and `after` checks what came of it, both off the clock.
import { createInterface } from 'node:readline';

const { operations } = await import(`./${process.argv[2]}.mjs`);
const tasks = new Map();

function measured({ operation, threshold, count, calls }) {
  const name = `${operation} ${threshold} ${count}`;
  if (!tasks.has(name)) tasks.set(name, operations[operation](threshold, count));
  const task = tasks.get(name);
  const ms = [];
  let bytes = null;
  for (let call = 0; call < calls; call += 1) {
    const input = task.before?.();
    const before = process.cpuUsage();
    const output = task.run(input);
    const { user, system } = process.cpuUsage(before);
    ms.push((user + system) / 1000);
    bytes = task.after(output);
  }
  return { ms, bytes };
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = measured(JSON.parse(line));
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
