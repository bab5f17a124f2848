import { catalogueFor } from '../../tools/index.ts';
import type { Log } from '../base/log.ts';
import { machineTimeZone } from '../base/zoned-time.ts';
import type { ApiForm } from '../base/target.ts';
import type { Config } from '../config/load.ts';
import { Tester, type TesterOptions } from '../tester/tester.ts';
import { openBackend, type BackendOptions } from './backend.ts';

/** Puts a tester together, which opens a backend for each form of the API that a call asks for. */
export function openTester(
  config: Config,
  log: Log,
  { client, ...options }: Pick<TesterOptions, 'client'> & Pick<BackendOptions, 'adopts' | 'redactor'>,
): Tester {
  return new Tester({
    client,
    timeZone: config.timeZone ?? machineTimeZone(),
    describeTarget: (name) => {
      const target = config.targets.find((known) => known.name === name);
      return { login: target?.username, commands: target ? catalogueFor(target.edition).commands : [] };
    },
    defaultForm: config.targets[0]?.api ?? 'auto',
    openBackend: (form, onExchange) => openBackend(speaking(form, config), { ...options, log, onExchange }),
  });
}

function speaking(form: ApiForm, config: Config): Config {
  return { ...config, targets: config.targets.map((target) => ({ ...target, api: form })) };
}
